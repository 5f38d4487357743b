using System.Text.Json;
using System.Text.RegularExpressions;
using Games.Tests.Data;
using Games.Tests.Servers;
using Npgsql;

namespace Games.Tests.Ops;

/// <summary>What a session does that somebody forgot, as the doctor sees it.</summary>
public sealed class DoctorOfLocksTests(TestDatabase database, TestBroker broker) : IClassFixture<TestDatabase>, IClassFixture<TestBroker>
{
    private readonly Doctor _doctor = new(database.ConnectionString, broker.ConnectionString);

    [Fact]
    public async Task A_session_that_holds_up_others_is_named_with_what_ends_it()
    {
        await using var source = NpgsqlDataSource.Create(database.ConnectionString);
        await using var forgotten = await OpenTransactionAsync("psql");
        await ExecuteAsync(forgotten, "LOCK TABLE announcements");
        await using var waiting = await OpenTransactionAsync("waiting");
        var wait = ExecuteAsync(waiting, "UPDATE announcements SET attempts = 0");
        await SessionIsAsync(source, "waiting", "wait_event_type = 'Lock' AND clock_timestamp() - state_change > interval '2 s'");

        var locks = Assert.Single(await LocksAsync());
        Assert.Matches(
            @"^psql \(backend \d+ of \w+\) holds up 1 session and does nothing in its transaction, open for \d+ s, with locks on announcements$",
            locks.GetProperty("saw").GetString());

        await using var mend = source.CreateCommand(Regex.Match(locks.GetProperty("toDo").GetString()!, "SELECT .*").Value);
        await mend.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        await wait;
        await waiting.CloseAsync();
        Assert.Equal("ok", Assert.Single(await LocksAsync()).GetProperty("state").GetString());
    }

    [Fact]
    public async Task A_transaction_that_was_left_open_is_named_before_anybody_waits_for_it()
    {
        await using var source = NpgsqlDataSource.Create(database.ConnectionString);
        await using var forgotten = await OpenTransactionAsync("editor");
        await ExecuteAsync(forgotten, "SELECT 1");
        await SessionIsAsync(source, "editor", "clock_timestamp() - state_change > interval '5 s'");

        Assert.StartsWith("editor (backend ", Assert.Single(await LocksAsync()).GetProperty("saw").GetString());
    }

    private async Task<JsonElement[]> LocksAsync() =>
        [.. (await _doctor.ExamineAsync()).Findings.Where(finding => finding.GetProperty("subject").GetString() == "locks")];

    private async Task<NpgsqlConnection> OpenTransactionAsync(string name)
    {
        var connection = new NpgsqlConnection(
            new NpgsqlConnectionStringBuilder(database.ConnectionString) { ApplicationName = name, Pooling = false }.ConnectionString);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await connection.BeginTransactionAsync(TestContext.Current.CancellationToken);
        return connection;
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        // One of them waits until the doctor has been heard, however long that takes.
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }

    private static Task SessionIsAsync(NpgsqlDataSource source, string name, string condition) => Until.TrueAsync(
        async () =>
        {
            await using var command = source.CreateCommand(
                $"SELECT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = '{name}' AND {condition})");
            return (bool)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
        },
        $"{name} is where it is to be");
}
