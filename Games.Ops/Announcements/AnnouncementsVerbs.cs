using System.CommandLine;
using Games.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Games.Ops.Announcements;

/// <summary>What becomes of announcements that Discord has refused. They need the database and nothing else: a bot that runs delivers them.</summary>
internal static class AnnouncementsVerbs
{
    public static Command Create() => new Command("announcements", "Decides what becomes of announcements that Discord has refused.")
    {
        Retry(),
    }.ShowsHelpWithoutVerb();

    private static Command Retry()
    {
        var game = new Argument<Guid>("game") { Description = "The game's id", HelpName = "GAME" };
        var all = new Option<bool>("--all") { Description = "All that Discord has refused" };
        var command = new Command("retry", "Lets a bot try again what Discord has refused, once the cause is mended.") { game, all };
        command.RequireOneOrAll(game, all, "Name one game by its id, or all by --all.");
        command.SetAction((options, ct) =>
        {
            var (id, isAll) = (options.GetValue(game), options.GetValue(all));
            return Database.RunAsync(_ => { }, async services =>
            {
                var refused = services.GetRequiredService<GamesDbContext>().Announcements.Where(x => x.Failure != null);
                if (isAll)
                    return Terminal.Done($"Tried again: {Quantity.Of(await RetryAsync(refused, ct), "announcement")}.");

                return await RetryAsync(refused.Where(x => x.GameId == id), ct) == 1
                    ? Terminal.Done($"The announcement of game {id} is tried again.")
                    : Terminal.NotDone($"Discord has not refused the announcement of game {id}, or there is no such game.");
            });
        });
        return command;
    }

    // One that was deleted by hand is posted anew once more.
    private static Task<int> RetryAsync(IQueryable<Announcement> refused, CancellationToken ct) => refused.ExecuteUpdateAsync(
        row => row
            .SetProperty(x => x.Failure, (string?)null)
            .SetProperty(x => x.Attempts, 0)
            .SetProperty(x => x.Reposts, 0)
            .SetProperty(x => x.NextAttemptAt, (DateTimeOffset?)null),
        ct);
}
