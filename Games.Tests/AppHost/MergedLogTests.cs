using Games.AppHost;

namespace Games.Tests.AppHost;

public sealed class MergedLogTests
{
    private readonly StringWriter _written = new() { NewLine = "\n" };

    [Fact]
    public void Each_line_bears_the_name_of_its_service_in_one_column()
    {
        var log = new MergedLog(_written, colours: false);
        var api = log.Of("api");
        var rabbitMq = log.Of("rabbitmq");

        api("one");
        rabbitMq("two");
        api("three");

        Assert.Equal("api        | one\nrabbitmq   | two\napi        | three\n", _written.ToString());
    }

    [Fact]
    public void Each_service_has_a_colour_and_keeps_it()
    {
        var log = new MergedLog(_written, colours: true);
        var api = log.Of("api");
        var bot = log.Of("bot");

        api("one");
        bot("two");
        api("three");

        var colours = _written.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line[..line.IndexOf('m')]).ToList();
        Assert.StartsWith("\e[", colours[0]);
        Assert.Equal(colours[0], colours[2]);
        Assert.NotEqual(colours[0], colours[1]);
        Assert.Contains("\e[0mone\n", _written.ToString());
    }

    [Theory]
    [InlineData(false, null, "xterm-256color", true)]
    [InlineData(true, null, "xterm-256color", false)]
    [InlineData(false, "1", "xterm-256color", false)]
    [InlineData(false, "", "xterm-256color", true)]
    [InlineData(false, null, "dumb", false)]
    public void Colours_are_for_terminals_whose_person_did_not_decline(bool redirected, string? noColor, string? term, bool expected) =>
        Assert.Equal(expected, MergedLog.WantsColours(redirected, name => name == "NO_COLOR" ? noColor : term));
}
