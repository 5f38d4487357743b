using System.CommandLine;
using System.Globalization;

namespace Games.Bench.Commands;

/// <summary>The options that more than one command has. Every number has a maximum, so that every run ends.</summary>
internal static class CommonOptions
{
    public static Option<Uri> Api() => Url("--api", "Where the API under test listens", "http://127.0.0.1:5080");

    public static Option<Uri> Url(string name, string description, string defaultValue) => new(name)
    {
        Description = description,
        HelpName = "URL",
        DefaultValueFactory = _ => new Uri(defaultValue),
        CustomParser = result =>
        {
            if (Uri.TryCreate(result.Tokens[0].Value, UriKind.Absolute, out var api) && api.Scheme is "http" or "https")
                return api;

            result.AddError($"{name} must be an http or https URL, not '{result.Tokens[0].Value}'.");
            return null;
        },
    };

    public static ConnectionOption GamesDb() => new("--games-db", "PostgreSQL, Npgsql format", "ConnectionStrings__Games");

    public static ConnectionOption RabbitMq() =>
        new("--rabbitmq", "RabbitMQ, amqp://user:password@host:port/vhost", "ConnectionStrings__RabbitMq");

    public static Option<bool> AllowRemote() => new("--allow-remote") { Description = "Send load to a host that is not this machine" };

    public static Option<bool> Json() => new("--json") { Description = "Print JSON and nothing else: no bar, no table" };

    public static Option<FileInfo?> Svg() => new("--svg") { Description = "Write a chart of the figures", HelpName = "FILE" };

    public static Option<int> Timeout(
        string description = "Seconds that the last announcements may take after the last POST", int defaultValue = 120) =>
        Number("--timeout", description, defaultValue, 1, 3_600);

    public static Option<int> Games() => Number("--games", "Games to post", 20_000, 1, 1_000_000);

    public static Option<int> Clients() => Number("--clients", "HTTP clients that post at once", 32, 1, 1_024);

    public static Option<int> WarmUp() => Number("--warm-up", "Games posted, and awaited, before the measuring begins", 500, 0, 100_000);

    public static Option<int> Rate() => Number("--rate", "Games a second", 40, 1, 5_000);

    public static Option<int> Seconds(int defaultValue) => Number("--seconds", "Seconds at that rate", defaultValue, 1, 3_600);

    public static Option<int> Number(string name, string description, int defaultValue, int minimum, int maximum)
    {
        var option = new Option<int>(name)
        {
            Description = $"{description} ({minimum} to {maximum})",
            HelpName = "N",
            DefaultValueFactory = _ => defaultValue,
        };
        option.Validators.Add(result =>
        {
            // Not its value, which the library throws for where it is no number.
            if (!result.Errors.Any() && result.Tokens is [{ Value: var text }]
                && !(int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= minimum && number <= maximum))
            {
                result.AddError($"{name} must be {minimum} to {maximum}, not {text}.");
            }
        });
        return option;
    }
}

/// <summary>A connection string: the option, else the environment variable, which the help must not print because it holds a password.</summary>
internal sealed class ConnectionOption : Option<string?>
{
    private readonly string _variable;

    public ConnectionOption(string name, string description, string variable)
        : base(name)
    {
        _variable = variable;
        Description = $"{description} [default: {variable}]";
        HelpName = "CONN";
    }

    /// <summary>Null when neither is set.</summary>
    public string? ValueIn(ParseResult options) =>
        options.GetValue(this) ?? (Environment.GetEnvironmentVariable(_variable) is { Length: > 0 } value ? value : null);
}
