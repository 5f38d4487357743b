using Games.Api.Features;
using Games.Tests.Servers;
using Microsoft.Extensions.DependencyInjection;

namespace Games.Tests.Api;

public sealed class ValidatorStartTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    [Fact]
    public async Task A_validator_that_cannot_be_made_stops_the_start_and_not_the_first_request()
    {
        await using var host = new ApiHost(
            database.ConnectionString,
            services: services => services.AddSingleton<CreateGameValidator>(
                _ => throw new InvalidOperationException("This validator cannot be made.")));

        var stopped = Assert.Throws<InvalidOperationException>(() => host.Services);

        Assert.Equal("This validator cannot be made.", stopped.Message);
    }
}
