using System.CommandLine;
using Games.Data;
using Games.Outbox.Inspection;
using Microsoft.Extensions.DependencyInjection;

namespace Games.Ops.Outbox;

/// <summary>The verbs of the outbox. They need the database and nothing else: no broker, no running service.</summary>
internal static class OutboxVerbs
{
    public static Command Create() => new Command("outbox", "Looks into the outbox and decides what becomes of its messages.")
    {
        Status(), List(), Show(), Retry(), Discard(), Pause(), Resume(),
    }.ShowsHelpWithoutVerb();

    private static Command Status()
    {
        var command = new Command("status", "How many messages wait, for how long, and whether relaying is paused.");
        command.SetAction((_, ct) => LookAsync(async outbox =>
        {
            OutboxScreen.Show(await outbox.SummariseAsync(ct));
            return true;
        }));
        return command;
    }

    private static Command List()
    {
        var state = new Option<OutboxMessageState>("--state")
        {
            Description = "Which messages",
            DefaultValueFactory = _ => OutboxMessageState.Pending,
        };
        state.AcceptOnlyNames();
        var limit = CommonOptions.Limit();
        var cursor = new Option<InspectionCursor?>("--cursor")
        {
            Description = "Where the page begins: the cursor that the page before it ended with",
            HelpName = "CURSOR",
            CustomParser = result =>
            {
                if (InspectionCursor.TryParse(result.Tokens[0].Value, out var after))
                    return after;

                result.AddError("--cursor is not one that a list has given.");
                return null;
            },
        };
        var command = new Command("list", "Lists messages: when they were created, how often they were tried, why they failed.")
        {
            state, limit, cursor,
        };
        command.SetAction((options, ct) => LookAsync(async outbox =>
        {
            var page = await outbox.ListAsync(options.GetValue(state), options.GetValue(limit), options.GetValue(cursor), ct);
            var isPaused = (await outbox.SummariseAsync(ct)).Paused is not null;
            OutboxScreen.Show(page, options.GetValue(state), isPaused);
            return true;
        }));
        return command;
    }

    private static Command Show()
    {
        var number = Number();
        var command = new Command("show", "Shows one message with its headers and its body.") { number };
        command.SetAction((options, ct) => LookAsync(async outbox =>
        {
            if (await outbox.FindAsync(options.GetValue(number), ct) is not { } message)
                return Terminal.NotDone($"There is no message {options.GetValue(number)} in the outbox; it may have been published.");

            OutboxScreen.Show(message);
            return true;
        }));
        return command;
    }

    private static Command Retry()
    {
        var number = Number();
        var all = new Option<bool>("--all") { Description = "All dead messages" };
        var command = new Command("retry", "Lets a dead message, or one that waits for its next attempt, be tried at once.") { number, all };
        command.RequireOneOrAll(number, all, "Name one message by its number, or all by --all.");
        command.SetAction((options, ct) => ActAsync(async outbox =>
        {
            if (options.GetValue(all))
                return Terminal.Done($"Tried again: {Quantity.Of(await outbox.RetryDeadAsync(ct), "dead message")}.");

            return await outbox.RetryAsync(options.GetValue(number), ct)
                ? Terminal.Done($"Message {options.GetValue(number)} is tried again.")
                : Terminal.NotDone(
                    $"Message {options.GetValue(number)} is not to be retried: it is scheduled, may leave at once already, "
                    + "is being published, or is gone.");
        }));
        return command;
    }

    private static Command Discard()
    {
        var number = Number();
        var command = new Command("discard", "Deletes one message, so that nobody gets it.") { number };
        command.SetAction((options, ct) => ActAsync(async outbox => await outbox.DiscardAsync(options.GetValue(number), ct)
            ? Terminal.Done($"Message {options.GetValue(number)} is discarded.")
            : Terminal.NotDone($"Message {options.GetValue(number)} was not discarded: it is being published, or is gone.")));
        return command;
    }

    private static Command Pause()
    {
        var by = new Option<string>("--by")
        {
            Description = "Who pauses, for others to see (16 bytes are kept)",
            HelpName = "NAME",
            DefaultValueFactory = _ => Environment.UserName,
        };
        var command = new Command("pause", "Stops relaying in all processes until it is resumed; messages are still captured.") { by };
        command.SetAction((options, ct) => ActAsync(async outbox => Terminal.Done(await outbox.PauseAsync(options.GetRequiredValue(by), ct)
            ? "Relaying is paused."
            : "Relaying was paused already.")));
        return command;
    }

    private static Command Resume()
    {
        var command = new Command("resume", "Lets all processes relay again.");
        command.SetAction((_, ct) => ActAsync(async outbox => Terminal.Done(await outbox.ResumeAsync(ct)
            ? "Relaying is resumed."
            : "Relaying was not paused.")));
        return command;
    }

    private static Argument<long> Number() => new("number") { Description = "The message's number in the list", HelpName = "N" };

    private static Task<int> LookAsync(Func<OutboxInspection<GamesDbContext>, Task<bool>> verb) => RunAsync(verb);

    private static Task<int> ActAsync(Func<OutboxControl<GamesDbContext>, Task<bool>> verb) => RunAsync(verb);

    private static Task<int> RunAsync<TOutbox>(Func<TOutbox, Task<bool>> verb)
        where TOutbox : class => Database.RunAsync(
        builder => builder.Services.AddOutboxInspection<GamesDbContext>(),
        services => verb(services.GetRequiredService<TOutbox>()));
}
