using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Games.Bot.Announcing;
using Games.Data;
using Microsoft.EntityFrameworkCore;

namespace Games.Bot.Interactions;

/// <summary>The use cases of games in sentences, for whoever clicks and types in Discord.</summary>
internal sealed class GameConversation(GamesDbContext db, GameCommands games, TimeProvider clock)
{
    private const int MaxListed = 10;
    private const string Unknown = "I do not know this game any more.";

    public async Task<string> JoinAsync(Interaction by, Guid id, CancellationToken ct)
    {
        if (!await IsHereAsync(by, id, ct))
            return Unknown;

        var result = await games.JoinAsync(id, by.UserId, NameOf(by), by.UserId, ct);
        if (result.Refusal is { } refusal)
            return Sentence(refusal);

        var place = result.Game!.PlaceOf(result.Game.Find(by.UserId)!);
        return place is null
            ? $"You have a seat in {TitleOf(result.Game)}: {DiscordText.TimeOf(result.Game.ScheduledAt)}"
            : $"All seats of {TitleOf(result.Game)} are taken. You are on its waiting list, at place {place}, and hear of it when one is free.";
    }

    public async Task<string> LeaveAsync(Interaction by, Guid id, CancellationToken ct)
    {
        if (!await IsHereAsync(by, id, ct))
            return Unknown;

        var result = await games.LeaveAsync(id, by.UserId, by.UserId, ct);
        return result.Refusal is { } refusal ? Sentence(refusal) : $"You are not on the list of {TitleOf(result.Game!)}.";
    }

    public async Task<string> CreateAsync(Interaction by, CancellationToken ct)
    {
        if (by is not { GuildId: { } guildId, ChannelId: { } channelId })
            return "A game is made in a channel of a server.";

        var (details, problem) = NewGameForm.Read(by.Values, clock.GetUtcNow());
        if (details is null)
            return problem!;

        // Whoever takes over from a bot that has died is told of this again.
        var id = GameIdOf(by);
        var game = await db.Games.AsNoTracking().SingleOrDefaultAsync(game => game.Id == id, ct)
            ?? await games.CreateAsync(guildId, channelId, by.UserId, details, by.UserId, ct, id);
        return $"{TitleOf(game)} is made: {DiscordText.TimeOf(game.ScheduledAt)}. It is announced here in a moment.\nIts id is `{game.Id}`.";
    }

    public async Task<string> CancelAsync(Interaction by, CancellationToken ct)
    {
        if (!Guid.TryParse(by.Values.GetValueOrDefault("game"), out var id) || !await IsHereAsync(by, id, ct))
            return "I do not know this game. Its id is at the foot of its announcement.";

        var (hostId, channelId) = await db.Games.Where(game => game.Id == id)
            .Select(game => new ValueTuple<string, string>(game.HostId, game.ChannelId)).SingleAsync(ct);
        // What he may is said of this channel, and may be less in another.
        if (hostId != by.UserId && !(by.MayManageEvents && by.ChannelId == channelId))
            return $"Only its host can cancel a game, or, in <#{channelId}>, somebody who may manage events there.";

        var reason = by.Values.GetValueOrDefault("reason");
        if (CodePoints.In(reason?.Trim()) > Game.CancelReasonMaxLength || reason?.Contains('\0') is true)
            return $"A reason has at most {Game.CancelReasonMaxLength} characters.";

        var result = await games.CancelAsync(id, reason, by.UserId, ct);
        return result.Refusal is { } refusal ? Sentence(refusal) : $"{TitleOf(result.Game!)} is cancelled. All who joined are told.";
    }

    public async Task<string> ListAsync(Interaction by, CancellationToken ct)
    {
        if (by.GuildId is null)
            return "Games are planned on servers: ask me there. `/games mine` tells of yours everywhere.";

        var found = await db.Games.AsNoTracking().Where(game => game.GuildId == by.GuildId && game.Status == GameStatus.Scheduled)
            .OrderBy(game => game.ScheduledAt).Take(MaxListed).ToListAsync(ct);
        return found is [] ? "No game is planned here. Make one with `/games new`." : string.Join('\n', found.Select(Line));
    }

    public async Task<string> MineAsync(Interaction by, CancellationToken ct)
    {
        var found = await db.Games.AsNoTracking()
            .Where(game => game.Status == GameStatus.Scheduled && (by.GuildId == null || game.GuildId == by.GuildId)
                && (game.HostId == by.UserId || db.Players.Any(player => player.UserId == by.UserId && player.GameId == game.Id)))
            .OrderBy(game => game.ScheduledAt).Take(MaxListed).ToListAsync(ct);
        return found is [] ? "You are in no game, and host none." : string.Join('\n', found.Select(Line));
    }

    // A button of another server's message, or a guessed id, opens nothing.
    private Task<bool> IsHereAsync(Interaction by, Guid id, CancellationToken ct) =>
        db.Games.AnyAsync(game => game.Id == id && game.GuildId == by.GuildId, ct);

    /// <summary>The same for the same interaction; like other ids of games it begins with its time.</summary>
    private static Guid GameIdOf(Interaction by)
    {
        var id = SHA256.HashData(Encoding.UTF8.GetBytes($"interaction {by.Id}")).AsSpan(0, 16);
        Guid.CreateVersion7(Snowflake.TimeOf(by.Id)!.Value).ToByteArray(bigEndian: true).AsSpan(0, 6).CopyTo(id);
        id[6] = (byte)(id[6] & 0x0F | 0x70);
        id[8] = (byte)(id[8] & 0x3F | 0x80);
        return new(id, bigEndian: true);
    }

    private static string Sentence(GameRefusal refusal) => refusal switch
    {
        GameRefusal.NotFound => Unknown,
        GameRefusal.NotOpen => "This game is not open any more.",
        GameRefusal.Finished => "This game is over.",
        GameRefusal.Full => "This game and its waiting list are full.",
        _ => "That cannot be done with this game.",
    };

    private static string TitleOf(Game game) => $"**{DiscordText.Escape(game.Title, 150)}**";

    private static string Line(Game game) => string.Create(
        CultureInfo.InvariantCulture,
        $"**{DiscordText.Escape(game.Title, 60)}** {DiscordText.TimeOf(game.ScheduledAt)} in <#{game.ChannelId}>, {game.People}/{game.MaxPlayers}");

    private static string NameOf(Interaction by) => string.Concat(
        by.DisplayName.EnumerateRunes().Where(rune => rune.Value != 0).Take(Player.DisplayNameMaxLength));
}
