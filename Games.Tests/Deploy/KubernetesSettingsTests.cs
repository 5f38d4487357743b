using Games.Tests.Api;
using Games.Tests.Bot;
using Games.Tests.Servers;

namespace Games.Tests.Deploy;

public sealed class KubernetesSettingsTests(TestDatabase database, TestBroker broker) : IClassFixture<TestDatabase>, IClassFixture<TestBroker>
{
    [Fact]
    public async Task Both_services_work_with_the_settings_as_they_are_in_the_manifests()
    {
        var data = Manifests.ObjectOf(Manifests.Base, "ConfigMap", "games-settings")["data"]!.AsObject();
        (string, string)[] settings = [.. data.Select(x => (x.Key.Replace("__", ":"), (string)x.Value!))];
        await using var api = new ApiHost(database.ConnectionString, broker.ConnectionString, null, settings);
        await using var bot = new BotHost(database.ConnectionString, broker.ConnectionString, null, settings);

        using (var client = api.CreateClient())
            await client.ReadyAsync();
        using (var client = bot.CreateClient())
            await client.ReadyAsync();
    }
}
