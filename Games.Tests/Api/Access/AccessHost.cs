using Games.Data;
using Games.Tests.Servers;
using Microsoft.Extensions.DependencyInjection;

namespace Games.Tests.Api.Access;

/// <summary>Callers of an API, each with a key of his own.</summary>
internal static class AccessHost
{
    public static async Task<HttpClient> CallerAsync(this ApiHost host, string[] scopes, params string[] guilds)
    {
        var text = ApiKeyText.New();
        await host.AddKeyAsync(text, scopes, guilds);
        return host.WithKey($"Bearer {text}");
    }

    public static HttpClient WithKey(this ApiHost host, string authorization)
    {
        var client = host.CreateStranger();
        client.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", authorization);
        return client;
    }

    public static async Task<Guid> AddKeyAsync(
        this ApiHost host, string text, string[]? scopes = null, string[]? guilds = null, DateTimeOffset? expiresAt = null)
    {
        await using var scope = host.Services.CreateAsyncScope();
        return await TestKey.AddAsync(
            scope.ServiceProvider.GetRequiredService<GamesDbContext>(), $"{Guid.NewGuid()}", text, scopes ?? [Scope.GamesRead], guilds, expiresAt);
    }
}
