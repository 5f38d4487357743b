using System.Text.Json;
using Games.Bench.Measuring;
using Games.Bench.Showing;
using Npgsql;

namespace Games.Bench.Commands;

/// <summary>The end that all commands share: a trouble is one line and exit code 1, figures are a table or JSON.</summary>
internal static class Outcome
{
    private static readonly JsonSerializerOptions Readable = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public static async Task<int> OfAsync(Func<Task<bool>> measure, CancellationToken ct)
    {
        try
        {
            return await measure() ? 0 : 1;
        }
        catch (Exception exception) when (exception is BenchException or NpgsqlException or IOException or UnauthorizedAccessException or ArgumentException or UriFormatException)
        {
            Screen.Complain(exception.Message);
            return 1;
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            Screen.Complain("Stopped before the end: no figures.");
            return 1;
        }
    }

    /// <param name="given">What --games-db says, if it says anything.</param>
    public static string? GamesDb(string? given) => given ?? Setting("ConnectionStrings__Games");

    /// <param name="given">What --rabbitmq says, if it says anything.</param>
    public static string? RabbitMq(string? given) => given ?? Setting("ConnectionStrings__RabbitMq");

    public static void PrintJson(object figures) => Console.Out.WriteLine(JsonSerializer.Serialize(figures, Readable));

    private static string? Setting(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}
