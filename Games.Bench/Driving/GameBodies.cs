using System.Text;

namespace Games.Bench.Driving;

/// <summary>
/// The JSON bodies of POST /games. One template, the number of the game stamped into the title of a copy, and that of its channel: the generator
/// shares the machine with what it measures, so it must not serialize.
/// </summary>
internal sealed class GameBodies
{
    private const int NumberLength = 9;
    private readonly byte[] _template;
    private readonly int _numberOffset;
    private readonly int _channelOffset;
    private readonly int _channels;

    /// <param name="channels">Over which the games are spread in turn, from 200000000000000001 on.</param>
    public GameBodies(string run, int channels = 1)
    {
        const string Number = "#########";
        const string Channel = "%%%%%%%%%";
        var scheduledAt = DateTimeOffset.UtcNow.AddDays(365).ToString("yyyy-MM-dd'T'HH:mm:ss'+00:00'");
        var json = $$"""
            {"guildId":"100000000000000001","channelId":"200000000{{Channel}}","hostId":"300000000000000001",
            "title":"Bench {{run}} {{Number}}","description":"bring snacks","location":"Voice 1",
            "scheduledAt":"{{scheduledAt}}","durationMinutes":120,"maxPlayers":5}
            """;
        _template = Encoding.UTF8.GetBytes(json);
        _numberOffset = _template.AsSpan().IndexOf(Encoding.UTF8.GetBytes(Number));
        _channelOffset = _template.AsSpan().IndexOf(Encoding.UTF8.GetBytes(Channel));
        _channels = channels;
    }

    public byte[] this[int number]
    {
        get
        {
            var body = _template.AsSpan().ToArray();
            Stamp(body.AsSpan(_channelOffset, NumberLength), 1 + number % _channels);
            Stamp(body.AsSpan(_numberOffset, NumberLength), number);
            return body;
        }
    }

    private static void Stamp(Span<byte> digits, int number)
    {
        for (var position = digits.Length - 1; position >= 0; position--, number /= 10)
            digits[position] = (byte)('0' + number % 10);
    }
}
