using System.Text;
using System.Text.Json.Nodes;
using Games.Api;
using Games.Data;
using Games.Tests.Architecture;
using Games.Tests.Data;

namespace Games.Tests.Api.Clients;

/// <summary>Calendar files as a parser that is not ours reads them: ical.js of npm.</summary>
public sealed class CalendarReaderTests : IDisposable
{
    private const string Title = @"Raid; bring ""dice"", \n and \ snacks: 🎲";
    private const string Text = "One, two; three\nC:\\new\n\n\tindented: \"quoted\" 漢字";

    private static readonly DateTimeOffset Later = NewGame.Now.AddDays(1);

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("games-calendar-");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public async Task Says_of_each_game_what_the_game_says()
    {
        var plain = NewGame.With();
        var changed = NewGame.With(title: Title, description: Text, location: "Voice 1, upstairs", durationMinutes: 90, reminders: [1440, 61, 1]);
        changed.Change(changed.Details with { MaxPlayers = 7 }, "somebody", Later);
        var cancelled = NewGame.With(title: "Off", reminders: 60);
        cancelled.JoinBy("300000000000000002");
        cancelled.Cancel("ill", messageId: null, "somebody", Later);

        var read = await ReadAsync(GameCalendar.TextOf([plain, changed, cancelled], "Game nights"));

        Assert.Equal(
            [
                """{"version":"2.0","name":"Game nights"}""",
                Event(plain, 0, "CONFIRMED", "2031-01-01T22:00:00.000Z", "2030-06-01T12:00:00.000Z"),
                Event(changed, 1, "CONFIRMED", "2031-01-01T20:30:00.000Z", "2030-06-02T12:00:00.000Z", "DISPLAY -1440", "DISPLAY -61", "DISPLAY -1"),
                Event(cancelled, 2, "CANCELLED", "2031-01-01T22:00:00.000Z", "2030-06-02T12:00:00.000Z"),
            ],
            read.Select(line => JsonNode.Parse(line)!.ToJsonString()));
    }

    [Theory]
    [InlineData("🎲", 0)]
    [InlineData("🎲", 1)]
    [InlineData("x🎲", 0)]
    [InlineData("漢", 2)]
    [InlineData("👩‍👩‍👧", 0)]
    [InlineData("\\", 1)]
    [InlineData(", ;\n", 0)]
    public async Task Loses_no_character_of_a_long_text(string part, int before)
    {
        var text = new string('.', before) + string.Concat(Enumerable.Repeat(part, 200)) + ".";
        var game = NewGame.With(description: text);

        var read = await ReadAsync(GameCalendar.TextOf([game]));

        Assert.Equal(text, (string?)JsonNode.Parse(read[1])!["description"]);
    }

    [Fact]
    public async Task Has_no_place_for_control_characters_and_one_line_break()
    {
        var game = NewGame.With(description: "a\u0007b\u001bc\r\nd\re\u0085f\tg");

        var read = await ReadAsync(GameCalendar.TextOf([game]));

        Assert.Equal("abc\nd\ne\nf\tg", (string?)JsonNode.Parse(read[1])!["description"]);
    }

    [Fact]
    public async Task Is_a_calendar_also_without_games()
    {
        var read = await ReadAsync(GameCalendar.TextOf([], "Game nights"));

        Assert.Equal("""{"version":"2.0","name":"Game nights"}""", Assert.Single(read));
    }

    private static string Event(Game game, int sequence, string status, string end, string modified, params string[] alarms) => new JsonObject
    {
        ["uid"] = $"{game.Id}",
        ["sequence"] = sequence,
        ["status"] = status,
        ["summary"] = game.Title,
        ["description"] = game.Description,
        ["location"] = game.Location,
        ["start"] = "2031-01-01T19:00:00.000Z",
        ["end"] = end,
        ["stamp"] = modified,
        ["modified"] = modified,
        ["created"] = "2030-06-01T12:00:00.000Z",
        ["alarms"] = new JsonArray([.. alarms.Select(alarm => (JsonNode)alarm)]),
    }.ToJsonString();

    private async Task<string[]> ReadAsync(string file)
    {
        Programs.RequireNode();
        IsWellFormed(file);
        foreach (var source in Directory.EnumerateFiles(Repository.PathOf("Games.Tests/Api/Clients/Calendar")))
            File.Copy(source, PathOf(Path.GetFileName(source)));
        await File.WriteAllTextAsync(PathOf("games.ics"), file);
        await Programs.InstallFromNpmAsync(_directory.FullName);

        return await Programs.RunAsync(_directory.FullName, "node", "read.js", "games.ics");
    }

    // RFC 5545, 3.1, which readers differ in being strict about.
    private static void IsWellFormed(string file)
    {
        Assert.EndsWith("\r\n", file);
        Assert.Equal(file, Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(file)));
        Assert.All(file[..^2].Split("\r\n"), line =>
        {
            Assert.InRange(Encoding.UTF8.GetByteCount(line), 1, 75);
            Assert.DoesNotContain(line, x => char.IsControl(x) && x is not '\t');
        });
    }

    private string PathOf(string name) => Path.Combine(_directory.FullName, name);
}
