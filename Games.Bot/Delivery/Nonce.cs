using System.Buffers.Text;

namespace Games.Bot.Delivery;

internal static class Nonce
{
    /// <summary>
    /// Names a message in at most the 25 characters that Discord takes: whoever sends it again within minutes gets the first one back. What is posted
    /// anew, because somebody has deleted the first, has another.
    /// </summary>
    public static string Of(char kind, Guid id, int reposts = 0) =>
        $"{kind}{Base64Url.EncodeToString(id.ToByteArray(bigEndian: true))}{(char)('a' + Math.Clamp(reposts, 0, 25))}";
}
