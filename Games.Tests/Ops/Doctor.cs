extern alias Ops;

using System.Text.Json;
using Games.Tests.Api;
using Npgsql;

namespace Games.Tests.Ops;

/// <summary>The doctor as a person calls it: a process of its own.</summary>
internal sealed class Doctor(string database, string broker)
{
    /// <summary>What is not well: the subjects, in the order of the screen.</summary>
    public static string Wrong(JsonElement[] findings) =>
        string.Join(", ", findings.Where(finding => finding.GetProperty("state").GetString() != "ok").Select(finding =>
            finding.GetProperty("subject").GetString()));

    public static string Saw(JsonElement[] findings, string subject) =>
        findings.Single(finding => finding.GetProperty("subject").GetString() == subject).GetProperty("saw").GetString()!;

    /// <summary>A bot is ready before it listens for the outbox, which wakes it and no more; the doctor looks for both listeners.</summary>
    public async Task ListenedToAsync()
    {
        await using var source = NpgsqlDataSource.Create(database);
        await Until.TrueAsync(
            async () =>
            {
                await using var command = source.CreateCommand("""
                    select count(distinct application_name) from pg_stat_activity
                    where datname = current_database() and application_name in ('Games.Bot outbox', 'Games.Bot events')
                    """);
                return (long)(await command.ExecuteScalarAsync())! == 2;
            },
            "both listeners are there");
    }

    public async Task<(int ExitCode, JsonElement[] Findings)> ExamineAsync()
    {
        var outcome = await RunAsync("doctor", "--json");
        Assert.Empty(outcome.Errors);
        var answer = JsonElement.Parse(string.Join('\n', outcome.Output));
        Assert.Equal(outcome.ExitCode == 0, answer.GetProperty("healthy").GetBoolean());

        return (outcome.ExitCode, [.. answer.GetProperty("findings").EnumerateArray()]);
    }

    /// <summary>This is wrong, nothing else is, and the line says what to do.</summary>
    public async Task<JsonElement[]> FindsAsync(string subject, string toDo)
    {
        var (exitCode, findings) = await ExamineAsync();
        Assert.Equal((1, subject), (exitCode, Wrong(findings)));
        Assert.Contains(toDo, findings.Single(finding => finding.GetProperty("state").GetString() == "wrong").GetProperty("toDo").GetString());

        return findings;
    }

    public Task<ServiceProcess.Outcome> RunAsync(params string[] arguments) => ServiceProcess.RunAsync(
        typeof(Ops::Program).Assembly.Location,
        new Dictionary<string, string?> { ["ConnectionStrings__Games"] = database, ["ConnectionStrings__RabbitMq"] = broker }, arguments);
}
