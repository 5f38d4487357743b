using MassTransit.Logging;
using Microsoft.Extensions.Logging;

namespace Games.Outbox.Relay;

/// <summary>
/// MassTransit's log while the relay sends, without its line "S-FAULT" for each message that fails: the relay says what becomes of it, and not once
/// for each of a thousand.
/// </summary>
internal sealed class SendLog(ILoggerFactory loggers) : ILoggerFactory
{
    /// <summary>To be <see cref="MassTransit.LogContext.Current" /> while a message is sent.</summary>
    public static ILogContext Of(ILoggerFactory loggers) => new BusLogContext(new SendLog(loggers));

    public ILogger CreateLogger(string categoryName) => new Logger(loggers.CreateLogger(categoryName));

    public void AddProvider(ILoggerProvider provider) => loggers.AddProvider(provider);

    public void Dispose()
    {
    }

    private sealed class Logger(ILogger logger) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => logger.BeginScope(state);

        public bool IsEnabled(LogLevel logLevel) => logger.IsEnabled(logLevel);

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (!IsSendFault(state))
                logger.Log(logLevel, eventId, state, exception, formatter);
        }

        private static bool IsSendFault<TState>(TState state) =>
            state is IReadOnlyList<KeyValuePair<string, object?>> { Count: > 0 } values
            && values[^1].Value is string format && format.StartsWith("S-FAULT", StringComparison.Ordinal);
    }
}
