using Games.AppHost.Servers;
using Games.Bench.Measuring;
using Games.Bench.Showing;
using Npgsql;

namespace Games.Bench.Commands;

internal static class ExitCode
{
    /// <summary>0 if the run has passed; 1 if not, or if an expected error ended it, whose message is printed without a stack trace.</summary>
    public static async Task<int> OfAsync(Func<Task<bool>> run, CancellationToken ct)
    {
        try
        {
            return await run() ? 0 : 1;
        }
        catch (Exception exception) when (exception is BenchException or ServerUnavailableException or NpgsqlException
            or IOException or UnauthorizedAccessException or ArgumentException or UriFormatException)
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
}
