using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Games.Tests.Outages;

/// <summary>What a process has logged, as its own configuration lets it, by level.</summary>
internal sealed class Alarms : ILoggerProvider
{
    private readonly ConcurrentQueue<(LogLevel Level, string Text)> _lines = [];

    /// <summary>What somebody is to read: Warning and above.</summary>
    public string[] Raised => [.. _lines.Where(line => line.Level >= LogLevel.Warning).Select(line => line.Text)];

    public string[] Informed => [.. _lines.Where(line => line.Level is LogLevel.Information).Select(line => line.Text)];

    public static void Hear(IServiceCollection services, Alarms alarms) => services.AddLogging(logging => logging.AddProvider(alarms));

    /// <summary>One line told of the outage, in these words, and one that it is over.</summary>
    public async Task OneOutageAsync(string server, string cause)
    {
        await Until.TrueAsync(() => Informed.Any(line => line.Contains($"{server} is available again after ")), $"{server} is back in the log");
        var told = Assert.Single(Raised);
        Assert.StartsWith($"{server} is not available", told);
        Assert.Contains(cause, told);
        Assert.DoesNotContain('\n', told);
        Assert.Single(Informed, line => line.Contains("is available again"));
    }

    public ILogger CreateLogger(string categoryName) => new Logger(_lines);

    public void Dispose()
    {
    }

    private sealed class Logger(ConcurrentQueue<(LogLevel, string)> lines) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            lines.Enqueue((logLevel, exception is null ? formatter(state, exception) : $"{formatter(state, exception)}\n{exception}"));
    }
}
