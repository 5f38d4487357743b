using System.Net;
using FastEndpoints;

namespace Games.Tests.FastEndpoints;

public sealed class A_guarded_endpoint
{
    [Theory]
    [InlineData("/by-default", null, 401)]
    [InlineData("/by-default", "sub=1", 204)]
    [InlineData("/by-role", null, 401)]
    [InlineData("/by-role", "sub=1", 403)]
    [InlineData("/by-role", "role=admin", 204)]
    [InlineData("/by-claim", null, 401)]
    [InlineData("/by-claim", "sub=1", 403)]
    [InlineData("/by-claim", "GuildId=1", 204)]
    [InlineData("/by-claim", "channelId=1", 204)]
    [InlineData("/by-policy", null, 401)]
    [InlineData("/by-policy", "hosts=no", 403)]
    [InlineData("/by-policy", "hosts=yes", 204)]
    [InlineData("/by-scheme", null, 401)]
    [InlineData("/by-scheme", "sub=1", 204)]
    [InlineData("/open", null, 204)]
    public async Task Lets_in_whom_it_should(string path, string? user, int status)
    {
        await using var app = await EndpointApp.StartAsync(
            [typeof(ByDefault), typeof(ByRole), typeof(ByClaim), typeof(ByPolicy), typeof(ByScheme), typeof(Open)]);

        var answer = user is null ? await app.GetAsync(path) : await app.GetAsync(path, ("X-User", user));

        Assert.Equal((HttpStatusCode)status, answer.Status);
    }

    internal abstract class Guarded : EndpointWithoutRequest
    {
        public override Task HandleAsync(CancellationToken ct) => Send.NoContentAsync(ct);
    }

    [DontRegister]
    private sealed class ByDefault : Guarded
    {
        public override void Configure() => Get("/by-default");
    }

    [DontRegister]
    private sealed class ByRole : Guarded
    {
        public override void Configure()
        {
            Get("/by-role");
            Roles("admin", "owner");
        }
    }

    [DontRegister]
    private sealed class ByClaim : Guarded
    {
        public override void Configure()
        {
            Get("/by-claim");
            Claims("guildId", "channelId");
        }
    }

    [DontRegister]
    private sealed class ByPolicy : Guarded
    {
        public override void Configure()
        {
            Get("/by-policy");
            Policies("hosts");
        }
    }

    [DontRegister]
    private sealed class ByScheme : Guarded
    {
        public override void Configure()
        {
            Get("/by-scheme");
            AuthSchemes(HeaderAuthentication.Name);
        }
    }

    [DontRegister]
    private sealed class Open : Guarded
    {
        public override void Configure()
        {
            Get("/open");
            AllowAnonymous();
        }
    }
}
