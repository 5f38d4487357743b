namespace Games.AppHost;

/// <summary>The log of all services: each line begins with the name of its service, in the service's colour if colours are on.</summary>
internal sealed class MergedLog(TextWriter output, bool colours)
{
    private const int NameWidth = 10;
    private const string Reset = "\e[0m";

    // Without red, which means an error.
    private static readonly string[] Colours = ["\e[36m", "\e[33m", "\e[32m", "\e[35m", "\e[34m", "\e[96m", "\e[93m", "\e[92m", "\e[95m", "\e[94m"];

    private readonly Lock _writing = new();
    private int _services;

    /// <summary>With colours unless the output is a file or a pipe, or NO_COLOR is set (https://no-color.org).</summary>
    public static MergedLog ToConsole() => new(Console.Out, WantsColours(Console.IsOutputRedirected, Environment.GetEnvironmentVariable));

    public static bool WantsColours(bool redirected, Func<string, string?> environment) =>
        !redirected && string.IsNullOrEmpty(environment("NO_COLOR")) && environment("TERM") != "dumb";

    public Action<string> Of(string service)
    {
        var name = $"{service.PadRight(NameWidth)} | ";
        var prefix = colours ? $"{Colours[_services++ % Colours.Length]}{name}{Reset}" : name;
        return line =>
        {
            lock (_writing)
                output.WriteLine(prefix + line);
        };
    }
}
