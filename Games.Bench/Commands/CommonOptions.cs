using System.CommandLine;

namespace Games.Bench.Commands;

/// <summary>The options that more than one command has. Every number has a least and a most, so that no run is without an end.</summary>
internal static class CommonOptions
{
    public static Option<Uri> Api() => Url("--api", "Where the API under test listens", "http://127.0.0.1:5080");

    public static Option<Uri> Url(string name, string description, string usual) => new(name)
    {
        Description = description,
        HelpName = "URL",
        DefaultValueFactory = _ => new Uri(usual),
        CustomParser = result =>
        {
            if (Uri.TryCreate(result.Tokens[0].Value, UriKind.Absolute, out var api) && api.Scheme is "http" or "https")
                return api;

            result.AddError($"{name} must be an http or https URL, not '{result.Tokens[0].Value}'.");
            return null;
        },
    };

    public static Option<string?> GamesDb(string without) => new("--games-db")
    {
        Description = $"PostgreSQL, Npgsql format [default: ConnectionStrings__Games{without}]",
        HelpName = "CONN",
    };

    public static Option<string?> RabbitMq(string without) => new("--rabbitmq")
    {
        Description = $"RabbitMQ, amqp://user:password@host:port/vhost [default: ConnectionStrings__RabbitMq{without}]",
        HelpName = "CONN",
    };

    public static Option<bool> AllowRemote() => new("--allow-remote") { Description = "Send load to a host that is not this machine" };

    public static Option<bool> Json() => new("--json") { Description = "Print JSON and nothing else: no bar, no table" };

    public static Option<FileInfo?> Svg() => new("--svg") { Description = "Write a chart of the figures", HelpName = "FILE" };

    public static Option<int> Timeout() => Number("--timeout", "Seconds that the last announcements may take after the last POST", 120, 1, 3_600);

    public static Option<int> Games() => Number("--games", "Games to post", 20_000, 1, 1_000_000);

    public static Option<int> Clients() => Number("--clients", "HTTP clients that post at once", 32, 1, 1_024);

    public static Option<int> WarmUp() => Number("--warm-up", "Games posted, and awaited, before the measuring begins", 500, 0, 100_000);

    public static Option<int> Rate(string name) => Number(name, "Games a second", 40, 1, 5_000);

    public static Option<int> Seconds(string name, int seconds) => Number(name, "Seconds at that rate", seconds, 1, 3_600);

    public static Option<int> Number(string name, string description, int usual, int least, int most)
    {
        var option = new Option<int>(name) { Description = $"{description} ({least} to {most})", HelpName = "N", DefaultValueFactory = _ => usual };
        option.Validators.Add(result =>
        {
            if (!result.Errors.Any() && result.GetValueOrDefault<int>() is var number && (number < least || number > most))
                result.AddError($"{name} must be {least} to {most}, not {number}.");
        });
        return option;
    }
}
