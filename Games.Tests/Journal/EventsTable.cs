using Npgsql;

namespace Games.Tests.Journal;

/// <summary>The journal as a script sees it: SQL, and nothing of ours.</summary>
internal sealed class EventsTable(string connectionString) : IAsyncDisposable
{
    private readonly NpgsqlDataSource _source = NpgsqlDataSource.Create(connectionString);

    public ValueTask DisposeAsync() => _source.DisposeAsync();

    public async Task<Guid> InsertAsync(string type, string payload = "{}", string channel = "events", Guid? correlation = null) =>
        (Guid)(await ScalarAsync(
            "insert into events (event_type, payload, channel, source, correlation_id) values ($1, $2::jsonb, $3, 'a test', $4) returning id",
            type, payload, channel, (object?)correlation ?? DBNull.Value))!;

    /// <summary>Waits until the event is dispatched or dead; its error, if it has one.</summary>
    public async Task<string?> OutcomeAsync(Guid id)
    {
        await Until.TrueAsync(
            async () => (bool)(await ScalarAsync("select dispatched_at is not null or dead_at is not null from events where id = $1", id))!,
            "it is dispatched or dead");
        return await ScalarAsync("select last_error from events where id = $1", id) as string;
    }

    public async Task<object?> ScalarAsync(string sql, params object[] values)
    {
        await using var command = _source.CreateCommand(sql);
        foreach (var value in values)
            command.Parameters.Add(value is DBNull ? new() { Value = value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Uuid } : new() { Value = value });
        return await command.ExecuteScalarAsync();
    }

    public async Task<NpgsqlConnection> OpenAsync() => await _source.OpenConnectionAsync();
}
