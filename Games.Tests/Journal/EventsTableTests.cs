using Games.Tests.Servers;
using Npgsql;

namespace Games.Tests.Journal;

/// <summary>The table by itself, as psql or a script in any language meets it.</summary>
public sealed class EventsTableTests(TestDatabase database) : IClassFixture<TestDatabase>, IAsyncLifetime
{
    private readonly NpgsqlDataSource _source = NpgsqlDataSource.Create(database.ConnectionString);

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _source.DisposeAsync();

    [Fact]
    public async Task What_a_person_types_works_as_typed()
    {
        await ExecuteAsync("""insert into events (event_type, payload, source) values ('test.event', '{"hello":"world"}', 'psql');""");

        await using var command = _source.CreateCommand("select * from events order by created_at desc limit 1;");
        await using var reader = await command.ExecuteReaderAsync();
        Assert.True(await reader.ReadAsync());
        Assert.Equal(
            ("test.event", "events", """{"hello": "world"}""", "psql"),
            (reader["event_type"], reader["channel"], reader["payload"], reader["source"]));
        Assert.Equal((DBNull.Value, 0, DBNull.Value), (reader["dispatched_at"], reader["attempts"], reader["dead_at"]));
        Assert.Equal(7, ((Guid)reader["id"]).Version);
        var now = TimeProvider.System.GetUtcNow().UtcDateTime;
        Assert.InRange((DateTime)reader["created_at"], now.AddMinutes(-1), now.AddMinutes(1));
    }

    [Fact]
    public async Task Ids_tell_their_time()
    {
        var drift = await ExecuteAsync("""
            select max(abs(extract(epoch from clock_timestamp()) * 1000 - ('x' || replace(left(id::text, 13), '-', ''))::bit(48)::bigint))
            from (select uuid_v7() as id from generate_series(1, 1000)) as ids
            """);
        var variants = await ExecuteAsync("select string_agg(distinct substring(uuid_v7()::text from 15 for 1), '') from generate_series(1, 1000)");

        Assert.InRange((decimal)drift!, 0, 1000);
        Assert.Equal("7", variants);
    }

    [Theory]
    [InlineData("ck_events_event_type_is_dotted_lower_case_words", "event_type", "'Game.Created'")]
    [InlineData("ck_events_event_type_is_dotted_lower_case_words", "event_type", "''")]
    [InlineData("ck_events_event_type_is_dotted_lower_case_words", "event_type", "'game..created'")]
    [InlineData("ck_events_event_type_is_dotted_lower_case_words", "event_type", "E'game.created\\n'")]
    [InlineData("ck_events_event_type_has_at_most_100_characters", "event_type", "repeat('a', 101)")]
    [InlineData("ck_events_channel_is_lower_case_words", "channel", "'a channel'")]
    [InlineData("ck_events_channel_has_at_most_50_characters", "channel", "repeat('a', 51)")]
    [InlineData("ck_events_payload_is_an_object", "payload", "'[]'")]
    [InlineData("ck_events_payload_is_an_object", "payload", "'\"text\"'")]
    [InlineData("ck_events_payload_is_an_object", "payload", "'null'")]
    [InlineData("ck_events_payload_has_at_most_4_mib", "payload", "jsonb_build_object('a', repeat('a', 4194305))")]
    [InlineData("ck_events_payload_has_at_most_4_mib", "payload", "(select payload from compressed)")]
    [InlineData(
        "ck_events_payload_has_at_most_4_mib", "payload",
        "jsonb_build_object('a', (select jsonb_agg('1e131000'::numeric) from generate_series(1, 40)))")]
    [InlineData("ck_events_source_is_one_line_of_text", "source", "' '")]
    [InlineData("ck_events_source_is_one_line_of_text", "source", "E'two\\nlines'")]
    [InlineData("ck_events_source_has_at_most_100_characters", "source", "repeat('a', 101)")]
    [InlineData("ck_events_created_at_is_not_in_the_future", "created_at", "now() + interval '1 hour'")]
    [InlineData("ck_events_created_at_is_not_in_the_future", "created_at", "'infinity'")]
    [InlineData("ck_events_created_at_is_after_2000", "created_at", "'-infinity'")]
    [InlineData("ck_events_created_at_is_not_in_the_future", "created_at", "'294276-01-01'")]
    [InlineData("ck_events_next_attempt_at_is_of_the_years_2000_to_9999", "next_attempt_at", "'infinity'")]
    [InlineData("ck_events_next_attempt_at_is_of_the_years_2000_to_9999", "next_attempt_at", "'-infinity'")]
    [InlineData("ck_events_next_attempt_at_is_of_the_years_2000_to_9999", "next_attempt_at", "'294276-01-01'")]
    [InlineData("ck_events_dispatched_at_is_of_the_years_2000_to_9999", "dispatched_at", "'294276-01-01'")]
    [InlineData("ck_events_attempts_is_not_negative", "attempts", "-1")]
    [InlineData("ck_events_dead_at_has_a_last_error", "dead_at", "now()")]
    [InlineData("ck_events_id_is_not_nil", "id", "'00000000-0000-0000-0000-000000000000'")]
    public async Task What_breaks_a_rule_is_refused_by_its_name(string constraint, string column, string value)
    {
        // What comes from a table comes as it is stored there: a value that the table has made small.
        await ExecuteAsync("create table if not exists compressed as select jsonb_build_object('a', repeat('a', 20000000)) as payload");

        var refused = await Assert.ThrowsAsync<PostgresException>(() => InsertAsync(column, value));

        Assert.Equal((PostgresErrorCodes.CheckViolation, constraint), (refused.SqlState, refused.ConstraintName));
    }

    [Theory]
    [InlineData("event_type")]
    [InlineData("channel")]
    [InlineData("payload")]
    [InlineData("source")]
    [InlineData("created_at")]
    public async Task What_is_required_cannot_be_null(string column)
    {
        var refused = await Assert.ThrowsAsync<PostgresException>(() => InsertAsync(column, "null"));

        Assert.Equal((PostgresErrorCodes.NotNullViolation, column), (refused.SqlState, refused.ColumnName));
    }

    [Theory]
    [InlineData("22P05", """'{"a":"\u0000"}'""")]
    [InlineData("22P02", """'{"a":"\ud800"}'""")]
    [InlineData("22P02", "'{not json}'")]
    public async Task What_is_no_json_that_can_be_stored_is_refused(string state, string payload)
    {
        var refused = await Assert.ThrowsAsync<PostgresException>(() => InsertAsync("payload", payload));

        Assert.Equal(state, refused.SqlState);
    }

    [Theory]
    [InlineData("""'{"it''s":"«müßig» 漢字 🎲"}'""")]
    [InlineData("jsonb_build_object('a', repeat('a', 1048576))")]
    public async Task Apostrophes_unicode_and_a_mebibyte_are_stored(string payload) => Assert.Equal(1, await InsertAsync("payload", payload));

    [Fact]
    public async Task The_same_id_is_taken_once()
    {
        var id = $"'{Guid.CreateVersion7()}'";
        await InsertAsync("id", id);

        var refused = await Assert.ThrowsAsync<PostgresException>(() => InsertAsync("id", id));
        Assert.Equal((PostgresErrorCodes.UniqueViolation, "pk_events"), (refused.SqlState, refused.ConstraintName));
    }

    [Fact]
    public async Task A_statement_wakes_once_and_not_for_what_is_dispatched_already()
    {
        await using var listener = await _source.OpenConnectionAsync();
        var heard = new List<string>();
        listener.Notification += (_, notification) => heard.Add($"{notification.Channel}:{notification.Payload}");
        await using var listen = new NpgsqlCommand("listen events; listen end_of_test", listener);
        await listen.ExecuteNonQueryAsync();

        static string Insert(string dispatched, int rows) =>
            $"insert into events (event_type, payload, source, dispatched_at) "
                + $"select 'test.event', '{{}}', 'psql', {dispatched} from generate_series(1, {rows})";
        await ExecuteAsync(Insert("now()", 10));
        await ExecuteAsync(Insert("null::timestamptz", 10_000));
        await ExecuteAsync(Insert("null::timestamptz", 0));
        await ExecuteAsync("select pg_notify('end_of_test', '')");
        while (!heard.Contains("end_of_test:"))
            await listener.WaitAsync(TestContext.Current.CancellationToken);

        Assert.Equal(["events:", "end_of_test:"], heard);
    }

    private Task<int> InsertAsync(string column, string value)
    {
        var values = new Dictionary<string, string>
        {
            ["event_type"] = "'test.event'",
            ["payload"] = "'{}'",
            ["source"] = "'psql'",
            [column] = value,
        };
        return CountAsync($"insert into events ({string.Join(", ", values.Keys)}) values ({string.Join(", ", values.Values)})");
    }

    private async Task<int> CountAsync(string sql)
    {
        await using var command = _source.CreateCommand(sql);
        return await command.ExecuteNonQueryAsync();
    }

    private async Task<object?> ExecuteAsync(string sql)
    {
        await using var command = _source.CreateCommand(sql);
        return await command.ExecuteScalarAsync();
    }
}
