using System.Diagnostics;
using Games.Data;
using Games.Outbox.Outages;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Net.Http.Headers;

namespace Games.ServiceDefaults;

/// <summary>Every error is answered with problem details, whose trace id is found in the log. What broke inside stays inside.</summary>
public static partial class Problems
{
    private const string RetryAfterSeconds = "2";

    private static readonly object RefusedFields = new();

    public static void AddProblems(this IHostApplicationBuilder builder)
    {
        builder.Services.AddProblemDetails(problems => problems.CustomizeProblemDetails = context =>
            context.ProblemDetails.Extensions["traceId"] = context.HttpContext.TraceIdentifier);
        builder.Services.AddExceptionHandler<ExceptionAnswer>();
    }

    public static void UseProblems(this WebApplication app)
    {
        app.Use(async (context, next) =>
        {
            // One id for the answer, the log and the trace that the request belongs to.
            if (Activity.Current is { } activity)
                context.TraceIdentifier = activity.TraceId.ToHexString();

            // Everything here is JSON, errors too: whoever accepts only what there is not is told why all the same.
            context.Request.Headers.Remove(HeaderNames.Accept);

            DatabasePool.EnterRequests();
            await next(context);

            if (context.Response.StatusCode >= StatusCodes.Status400BadRequest && !IsRedProbe(context))
                LogAnswer(app.Logger, context);
        });
        app.UseExceptionHandler();
        app.UseStatusCodePages();
    }

    /// <summary>Has the log of a refused request name the fields that were refused. Not their values: they are the caller's.</summary>
    public static void NameRefusedFields(this HttpContext context, IEnumerable<string> fields) =>
        context.Items[RefusedFields] = string.Join(", ", fields.Distinct());

    /// <summary>Probes ask again and again: the log has what changes of their answer (<see cref="ReadyReport"/>).</summary>
    private static bool IsRedProbe(HttpContext context) =>
        context.Response.StatusCode is StatusCodes.Status503ServiceUnavailable && context.Request.Path.StartsWithSegments("/health");

    private static void LogAnswer(ILogger logger, HttpContext context)
    {
        var (request, status) = (context.Request, context.Response.StatusCode);
        if (context.Items.TryGetValue(RefusedFields, out var fields))
            Log.Refused(logger, request.Method, request.Path, status, (string)fields!, context.TraceIdentifier);
        else
            Log.Answered(logger, request.Method, request.Path, status, context.TraceIdentifier);
    }

    private sealed class ExceptionAnswer(
        IProblemDetailsService problems, DatabaseOutage outage, TimeProvider time, ILogger<ExceptionAnswer> logger) : IExceptionHandler
    {
        private static readonly TimeSpan ErrorInterval = TimeSpan.FromSeconds(10);

        private readonly Lock _lock = new();
        private long? _lastError;

        public async ValueTask<bool> TryHandleAsync(HttpContext context, Exception exception, CancellationToken ct)
        {
            var (status, detail) = exception.IsDatabaseUnavailable()
                ? (StatusCodes.Status503ServiceUnavailable, "The database is not available. Try again.")
                : (StatusCodes.Status500InternalServerError, null);

            if (status is StatusCodes.Status503ServiceUnavailable)
            {
                var reason = exception.InWords();
                Log.Unserved(logger, context.TraceIdentifier, reason);
                // An outage is told of by itself, and anything else for all who meet it.
                if (!outage.Met(exception) && IsErrorDue())
                    Log.DatabaseUnavailable(logger, context.TraceIdentifier, reason);
                context.Response.Headers.RetryAfter = RetryAfterSeconds;
            }
            else
            {
                Log.Failed(logger, exception, context.TraceIdentifier);
            }

            context.Response.StatusCode = status;
            return await problems.TryWriteAsync(new() { HttpContext = context, ProblemDetails = { Status = status, Detail = detail } });
        }

        private bool IsErrorDue()
        {
            lock (_lock)
            {
                if (_lastError is { } last && time.GetElapsedTime(last) < ErrorInterval)
                    return false;

                _lastError = time.GetTimestamp();
                return true;
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "{Method} {Path} was answered {Status}, trace {TraceId}")]
        public static partial void Answered(ILogger logger, string method, PathString path, int status, string traceId);

        [LoggerMessage(LogLevel.Information, "A request cannot be served by the database, trace {TraceId}: {Reason}")]
        public static partial void Unserved(ILogger logger, string traceId, string reason);

        [LoggerMessage(LogLevel.Information, "{Method} {Path} was answered {Status} for {Fields}, trace {TraceId}")]
        public static partial void Refused(ILogger logger, string method, PathString path, int status, string fields, string traceId);

        [LoggerMessage(LogLevel.Error, "Requests cannot be served by the database, the first with trace {TraceId}: {Reason}")]
        public static partial void DatabaseUnavailable(ILogger logger, string traceId, string reason);

        [LoggerMessage(LogLevel.Error, "A request failed, trace {TraceId}")]
        public static partial void Failed(ILogger logger, Exception exception, string traceId);
    }
}
