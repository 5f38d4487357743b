using System.Security.Claims;
using Games.Data;
using Microsoft.AspNetCore.Http;

namespace Games.ServiceDefaults.Access;

/// <summary>The holder of a key, as the endpoints see it.</summary>
public sealed class Caller : ClaimsPrincipal
{
    internal const string ScopeClaim = "scope";

    private readonly IReadOnlyList<string>? _guilds;

    internal Caller(KnownKey key)
        : base(new ClaimsIdentity(
            [new(ClaimTypes.Name, key.Name), .. key.Scopes.Select(scope => new Claim(ScopeClaim, scope))], ApiKeyHandler.Bearer))
    {
        (KeyId, Name) = (key.Id, key.Name);
        _guilds = key.Guilds is [] ? null : key.Guilds;
    }

    public Guid KeyId { get; }

    /// <summary>Of the key.</summary>
    public string Name { get; }

    /// <summary>Whether the key is for every guild.</summary>
    public bool SeesAll => _guilds is null;

    public bool Has(string scope) => HasClaim(ScopeClaim, scope);

    /// <summary>Whether the key is for this guild.</summary>
    public bool Sees(string guildId) => _guilds is null || _guilds.Contains(guildId);

    /// <summary>Without the games of guilds that the key is not for.</summary>
    public IQueryable<Game> Seen(IQueryable<Game> games) => _guilds switch
    {
        null => games,
        // Not as a list of one: the index of a guild's games is in their order, that of several guilds is not.
        [var only] => games.Where(game => game.GuildId == only),
        var guilds => games.Where(game => guilds.Contains(game.GuildId)),
    };
}

public static class CallerExtensions
{
    /// <summary>Who has called. Endpoints that need no key have no caller.</summary>
    public static Caller Caller(this HttpContext context) => (Caller)context.User;
}
