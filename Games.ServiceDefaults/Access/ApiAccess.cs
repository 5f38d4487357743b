using Games.Data;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Games.ServiceDefaults.Access;

public static class ApiAccess
{
    /// <summary>Every endpoint needs a key unless it says that it needs none; an endpoint's policy is the name of its scope.</summary>
    public static void AddApiAccess(this IHostApplicationBuilder builder)
    {
        builder.Services.AddSingleton<KnownKeys>();
        builder.Services.AddSingleton<KeyUse>();
        builder.Services.AddAuthentication(ApiKeyHandler.Bearer)
            .AddScheme<AuthenticationSchemeOptions, ApiKeyHandler>(ApiKeyHandler.Bearer, configureOptions: null);

        var policies = builder.Services.AddAuthorizationBuilder()
            .SetFallbackPolicy(new AuthorizationPolicyBuilder().RequireAuthenticatedUser().Build());
        foreach (var scope in Scope.All)
            policies.AddPolicy(scope, policy => policy.RequireClaim(Caller.ScopeClaim, scope));

        builder.AddRateLimits();
    }

    /// <summary>In this order: a limit is a key's own, and whoever has none is counted by address before he is refused.</summary>
    public static void UseApiAccess(this WebApplication app)
    {
        app.UseAuthentication();
        app.UseRateLimiter();
        app.UseAuthorization();
    }
}
