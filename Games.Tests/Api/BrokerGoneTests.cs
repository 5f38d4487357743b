using System.Net;
using Games.Tests.Servers;
using Npgsql;

namespace Games.Tests.Api;

public sealed class BrokerGoneTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    [Fact]
    public async Task Games_are_taken_as_always_and_their_events_wait()
    {
        await using var host = new ApiHost(database.ConnectionString, ApiHost.NoBroker);
        using var api = host.CreateClient();

        var game = await api.CreateGameAsync();

        // The journal's listener takes a moment to connect.
        await api.ReadyAsync();
        await using var source = NpgsqlDataSource.Create(database.ConnectionString);
        // Without its start and its end, which wait for their time.
        await using var command = source.CreateCommand(
            """select count(*) from "OutboxMessage" where "EnqueueTime" is null and "Body" like '%' || $1 || '%'""");
        command.Parameters.Add(new() { Value = (string)game["id"]! });
        Assert.Equal(1L, await command.ExecuteScalarAsync());
    }
}
