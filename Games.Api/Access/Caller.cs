using System.Security.Claims;
using Games.Data;

namespace Games.Api.Access;

/// <summary>The holder of a key, as the endpoints see it.</summary>
internal sealed class Caller(KnownKey key) : ClaimsPrincipal(new ClaimsIdentity(
    [new(ClaimTypes.NameIdentifier, key.Id.ToString()), new(ClaimTypes.Name, key.Name), .. key.Scopes.Select(scope => new Claim(ScopeClaim, scope))],
    ApiKeyHandler.Bearer))
{
    public const string ScopeClaim = "scope";

    public Guid KeyId { get; } = key.Id;

    /// <summary>The guilds whose games the caller sees; null for all.</summary>
    public IReadOnlyList<string>? Guilds { get; } = key.Guilds is [] ? null : key.Guilds;

    public bool Sees(string guildId) => Guilds is null || Guilds.Contains(guildId);

    public bool Has(string scope) => HasClaim(ScopeClaim, scope);
}

internal static class CallerExtensions
{
    /// <summary>Who has called. Endpoints that need no key have no caller.</summary>
    public static Caller Caller(this HttpContext context) => (Caller)context.User;

    /// <summary>Without the games of guilds that the caller's key is not for.</summary>
    public static IQueryable<Game> SeenBy(this IQueryable<Game> games, Caller caller) =>
        caller.Guilds is { } guilds ? games.Where(game => guilds.Contains(game.GuildId)) : games;
}
