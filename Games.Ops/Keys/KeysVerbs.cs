using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Games.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Games.Ops.Keys;

/// <summary>The verbs of the API's keys. They need the database and nothing else; running services see a change within ten seconds.</summary>
internal static class KeysVerbs
{
    private const int MaxDays = 36_500;

    public static Command Create() => new Command("keys", "Makes, lists and revokes the keys of the API.")
    {
        CreateKey(), List(), Revoke(),
    }.ShowsHelpWithoutVerb();

    private static Command CreateKey()
    {
        var name = new Argument<string>("name") { Description = "Whose it is, for the list and the log", HelpName = "NAME" };
        name.Validators.Add(result =>
        {
            if (result.Tokens[0].Value is { Length: 0 or > ApiKey.NameMaxLength } or [' ', ..] || result.Tokens[0].Value.Any(char.IsControl)
                || Guid.TryParse(result.Tokens[0].Value, out _))
            {
                result.AddError($"NAME must be one line of 1 to {ApiKey.NameMaxLength} characters, and no id.");
            }
        });
        var scopes = new Option<string[]>("--scope")
        {
            Description = $"What its holder may do; may come several times [default: {string.Join(" and ", Scope.OfAGuild)}]",
            HelpName = "SCOPE",
        };
        scopes.AcceptOnlyFromAmong([.. Scope.All]);
        var guilds = new Option<string[]>("--guild")
        {
            Description = "Only for the games of this guild; may come several times [default: all guilds]",
            HelpName = "ID",
        };
        guilds.Validators.Add(result =>
        {
            foreach (var token in result.Tokens.Where(token => !Snowflake.IsValid(token.Value)))
                result.AddError($"--guild {token.Value} is no Discord id: {Snowflake.MinLength} to {Snowflake.MaxLength} digits.");
        });
        var expires = new Option<TimeSpan?>("--expires")
        {
            Description = "How long it is valid, in days or hours, such as 90d or 12h [default: until it is revoked]",
            HelpName = "TIME",
            CustomParser = ParseLifetime,
        };
        var replace = new Option<bool>("--replace") { Description = "Revoke the key that has this name" };
        var command = new Command("create", "Makes a key and prints it, this once: it cannot be shown again.")
        {
            name, scopes, guilds, expires, replace,
        };
        command.Validators.Add(result =>
        {
            if (!result.Errors.Any() && result.GetValue(guilds) is { Length: > 0 }
                && ScopesIn(result.GetValue(scopes)).Except(Scope.OfAGuild).FirstOrDefault() is { } wide)
            {
                result.AddError($"A key for some guilds cannot have {wide}: it would open what happens in all of them.");
            }
        });
        command.SetAction((options, ct) => OnDatabaseAsync(async (db, clock) =>
        {
            var now = clock.GetUtcNow();
            var text = ApiKeyText.New();
            var wanted = options.GetRequiredValue(name);
            if (options.GetValue(replace))
                (await db.ApiKeys.SingleOrDefaultAsync(key => key.RevokedAt == null && key.Name == wanted, ct))?.Revoke(now);
            db.ApiKeys.Add(ApiKey.Create(
                wanted, text, ScopesIn(options.GetValue(scopes)), options.GetValue(guilds) ?? [], now + options.GetValue(expires), now));

            try
            {
                await db.SaveChangesAsync(ct);
            }
            catch (DbUpdateException taken) when (taken.InnerException is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation })
            {
                return Terminal.NotDone($"There is a key {wanted} already: revoke it first, or give --replace.");
            }

            return Terminal.Done(text);
        }));
        return command;
    }

    private static string[] ScopesIn(string[]? given) => given is { Length: > 0 } ? given : [.. Scope.OfAGuild];

    private static Command List()
    {
        var command = new Command("list", "Lists the keys: name, id, state, scopes, guilds, when it was created and last used.");
        command.SetAction((_, ct) => OnDatabaseAsync(async (db, clock) =>
        {
            foreach (var key in await db.ApiKeys.AsNoTracking().OrderBy(key => key.Name).ThenBy(key => key.Id).ToListAsync(ct))
                Console.Out.WriteLine(KeyLine.Of(key, clock.GetUtcNow()));
            return true;
        }));
        return command;
    }

    private static Command Revoke()
    {
        var name = new Argument<string>("name") { Description = "The key's name or id", HelpName = "NAME|ID" };
        var command = new Command("revoke", "Makes a key invalid, in every process within ten seconds.") { name };
        command.SetAction((options, ct) => OnDatabaseAsync(async (db, clock) =>
        {
            var wanted = options.GetRequiredValue(name);
            if (await FindAsync(db, wanted, ct) is not { } key)
                return Terminal.NotDone($"There is no valid key {wanted}.");

            key.Revoke(clock.GetUtcNow());
            await db.SaveChangesAsync(ct);
            return Terminal.Done($"Key {key.Name} ({key.Id}) is revoked; every process refuses it within ten seconds.");
        }));
        return command;
    }

    private static Task<ApiKey?> FindAsync(GamesDbContext db, string nameOrId, CancellationToken ct)
    {
        var id = Guid.TryParse(nameOrId, out var parsed) ? parsed : (Guid?)null;
        return db.ApiKeys.SingleOrDefaultAsync(key => key.RevokedAt == null && (key.Name == nameOrId || key.Id == id), ct);
    }

    private static TimeSpan? ParseLifetime(ArgumentResult result)
    {
        if (result.Tokens is [{ Value: [.. var number, 'd' or 'h'] text }]
            && int.TryParse(number, NumberStyles.None, null, out var count) && count is > 0 and <= MaxDays)
        {
            return text[^1] is 'd' ? TimeSpan.FromDays(count) : TimeSpan.FromHours(count);
        }

        result.AddError($"--expires takes days or hours, such as 90d or 12h, up to {MaxDays}.");
        return null;
    }

    private static Task<int> OnDatabaseAsync(Func<GamesDbContext, TimeProvider, Task<bool>> verb) => Database.RunAsync(
        _ => { },
        services => verb(services.GetRequiredService<GamesDbContext>(), services.GetRequiredService<TimeProvider>()));
}
