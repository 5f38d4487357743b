namespace Games.ServiceDefaults;

/// <summary>
/// What a service takes on its command line: settings in .NET's notations, and the options that it lists. .NET ignores any other word, and a
/// mistyped verb would start the service.
/// </summary>
public static class CommandLine
{
    private const int UnknownWord = 2;

    /// <summary>Answers <c>--help</c>, and a word that the service does not know; null when the service is to go on.</summary>
    /// <param name="args">The command line.</param>
    /// <param name="service">The name of the service's program.</param>
    /// <param name="options">Its options without a value, and what they do.</param>
    /// <returns>The exit code.</returns>
    public static int? Answer(this string[] args, string service, params (string Option, string Does)[] options)
    {
        for (var i = 0; i < args.Length; i++)
        {
            var word = args[i];
            if (word is "--help" or "-h" or "-?" or "/?")
                return Help(service, options);

            var isKnown = word.Length == 0 || word.Contains('=') && !IsShort(word) || options.Any(known => known.Option == word);
            if (isKnown)
                continue;

            if (!word.StartsWith("--", StringComparison.Ordinal) && !word.StartsWith('/'))
                return Refuse($"{service} does not know '{word}': it takes settings and no verbs, see --help. The console is ./games.");
            // The next word is its value, whatever it is.
            if (++i == args.Length)
                return Refuse($"{service} does not know '{word}' without a value: see --help.");
        }

        return null;
    }

    /// <summary>.NET takes -x=1 for a short name that it lacks, and ends with its stack trace.</summary>
    private static bool IsShort(string word) => word.StartsWith('-') && !word.StartsWith("--", StringComparison.Ordinal);

    private static int Help(string service, (string Option, string Does)[] options)
    {
        Console.Out.WriteLine($"""
            Runs {service}, a service, until Ctrl+C.

            Usage: {service} [OPTION]... [SETTING]...

            Options:
            {string.Join('\n', options.Prepend((Option: "--help", Does: "Shows this.")).Select(option => $"  {option.Option,-9}  {option.Does}"))}

            Settings: --KEY=VALUE, --KEY VALUE or /KEY=VALUE; in environment variables __ stands for :
              --urls                        Where it listens.
              --ConnectionStrings:Games     PostgreSQL: Host=…;Port=…;Username=…;Database=…
              --ConnectionStrings:RabbitMq  RabbitMQ: amqp://user:password@host:port/vhost
            More of them, and what they do: README.md. The operator's console is a program of its own: ./games --help
            """);
        return 0;
    }

    private static int Refuse(string why)
    {
        Console.Error.WriteLine(why);
        return UnknownWord;
    }
}
