using System.Text;

namespace Games.Bench.Driving;

/// <summary>
/// The JSON bodies of POST /games. One template, the number of the game stamped into the title of a copy: the generator shares the
/// machine with what it measures, so it must not serialize.
/// </summary>
internal sealed class GameBodies
{
    private const int NumberLength = 9;
    private readonly byte[] _template;
    private readonly int _numberOffset;

    public GameBodies(string run)
    {
        const string Number = "#########";
        var scheduledAt = DateTimeOffset.UtcNow.AddDays(365).ToString("yyyy-MM-dd'T'HH:mm:ss'+00:00'");
        var json = $$"""
            {"guildId":"100000000000000001","channelId":"200000000000000001","hostId":"300000000000000001",
            "title":"Bench {{run}} {{Number}}","description":"bring snacks","location":"Voice 1",
            "scheduledAt":"{{scheduledAt}}","durationMinutes":120,"maxPlayers":5}
            """;
        _template = Encoding.UTF8.GetBytes(json);
        _numberOffset = _template.AsSpan().IndexOf(Encoding.UTF8.GetBytes(Number));
    }

    public byte[] this[int number]
    {
        get
        {
            var body = _template.AsSpan().ToArray();
            for (var position = NumberLength - 1; position >= 0; position--, number /= 10)
                body[_numberOffset + position] = (byte)('0' + number % 10);
            return body;
        }
    }
}
