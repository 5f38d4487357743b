using System.Net;
using Games.Tests.Servers;
using Npgsql;

namespace Games.Tests.Api;

/// <summary>On a database that ends whatever session has rested for three seconds.</summary>
public sealed class DeadConnectionTests(TestDatabase database) : IClassFixture<TestDatabase>, IAsyncLifetime
{
    private readonly NpgsqlDataSource _elsewhere = NpgsqlDataSource.Create(
        new NpgsqlConnectionStringBuilder(database.ConnectionString) { Database = "postgres", Pooling = false });

    private readonly string _name = new NpgsqlConnectionStringBuilder(database.ConnectionString).Database!;

    public async ValueTask InitializeAsync()
    {
        await using var setting = _elsewhere.CreateCommand($"alter database \"{_name}\" set idle_session_timeout = '3s'");
        await setting.ExecuteNonQueryAsync();
    }

    public ValueTask DisposeAsync() => _elsewhere.DisposeAsync();

    [Fact]
    public async Task A_request_after_a_pause_is_served_although_every_pooled_connection_is_dead()
    {
        await using var host = new ApiHost(database.ConnectionString, settings: ("Journal:Dispatch", "false"));
        using var api = host.CreateClient();

        async Task CreateAsync()
        {
            using var created = await api.PostGameAsync(Requests.ValidGame());
            Assert.Equal((HttpStatusCode.Created, ""), (created.StatusCode, Errors()));
        }

        string Errors() => string.Join('\n', host.Log.Lines.Where(line => line.StartsWith("Error", StringComparison.Ordinal)));

        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => CreateAsync()));
        await EndedAsync();
        await CreateAsync();
        await EndedAsync();
        using var list = await api.GetAsync("/games");
        Assert.Equal((HttpStatusCode.OK, ""), (list.StatusCode, Errors()));
    }

    private async Task EndedAsync() => await Until.TrueAsync(
        async () =>
        {
            await using var count = _elsewhere.CreateCommand(
                "select count(*) from pg_stat_activity where datname = $1 and query not ilike 'listen%'");
            count.Parameters.Add(new() { Value = _name });
            return (long)(await count.ExecuteScalarAsync())! == 0;
        },
        "every session that rested is ended");
}
