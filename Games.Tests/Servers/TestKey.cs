using System.Net.Http.Headers;
using Games.Data;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.EntityFrameworkCore;

namespace Games.Tests.Servers;

/// <summary>A key for everything, in every migrated database of the tests.</summary>
internal static class TestKey
{
    private const string Name = "tests";

    public static readonly string Text = ApiKeyText.New();

    public static AuthenticationHeaderValue Header => new("Bearer", Text);

    /// <summary>A caller without a key.</summary>
    public static HttpClient CreateStranger<TProgram>(this WebApplicationFactory<TProgram> host)
        where TProgram : class
    {
        var stranger = host.CreateClient();
        stranger.DefaultRequestHeaders.Authorization = null;
        return stranger;
    }

    public static async Task AddAsync(string connectionString)
    {
        await using var db = new GamesDbContext(new DbContextOptionsBuilder<GamesDbContext>().UseNpgsql(connectionString).Options);
        if (!await db.ApiKeys.AnyAsync(key => key.Name == Name))
            await AddAsync(db, Name, Text, Scope.All);
    }

    public static async Task<Guid> AddAsync(
        GamesDbContext db, string name, string text, IEnumerable<string> scopes, string[]? guilds = null, DateTimeOffset? expiresAt = null)
    {
        var key = ApiKey.Create(name, text, scopes, guilds ?? [], expiresAt, DateTimeOffset.UtcNow);
        db.ApiKeys.Add(key);
        await db.SaveChangesAsync();
        return key.Id;
    }
}
