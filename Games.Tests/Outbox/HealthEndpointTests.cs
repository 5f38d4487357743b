using System.Net;
using Games.Tests.Api;
using Games.Tests.Servers;
using Npgsql;

namespace Games.Tests.Outbox;

public sealed class HealthEndpointTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    [Fact]
    public async Task An_event_that_waits_for_a_broker_degrades_the_outbox_and_leaves_the_api_ready()
    {
        await using var host = new ApiHost(database.ConnectionString, ApiHost.NoBroker);
        using var api = host.CreateClient();
        Assert.StartsWith("""{"health":"Healthy",""", await api.GetStringAsync("/health/outbox"));

        await api.CreateGameAsync();
        await using var source = NpgsqlDataSource.Create(database.ConnectionString);
        await using var command = source.CreateCommand("""UPDATE "OutboxMessage" SET "Created" = now() - interval '2 minutes'""");
        await command.ExecuteNonQueryAsync();

        await Until.TrueAsync(async () => await DegradedAsync(await api.GetAsync("/health/outbox")), "the event that waits is noticed");
        Assert.Equal(HttpStatusCode.OK, (await api.GetAsync("/health/ready")).StatusCode);
    }

    private static async Task<bool> DegradedAsync(HttpResponseMessage answer) =>
        answer.StatusCode is HttpStatusCode.ServiceUnavailable && (await answer.Content.ReadAsStringAsync()).Contains(
            "\"outbox\":{\"health\":\"Degraded\",\"problem\":\"The oldest message has waited for ");
}
