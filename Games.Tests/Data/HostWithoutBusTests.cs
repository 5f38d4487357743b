using Games.Data;
using Microsoft.Extensions.Hosting;

namespace Games.Tests.Data;

public sealed class HostWithoutBusTests
{
    [Fact]
    public void A_program_that_only_migrates_starts_in_development_where_every_service_is_checked()
    {
        var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings
        {
            EnvironmentName = Environments.Development,
            Args = ["--ConnectionStrings:Games=Host=127.0.0.1"],
        });
        builder.AddGamesDatabase();

        using var host = builder.Build();

        Assert.NotNull(host);
    }
}
