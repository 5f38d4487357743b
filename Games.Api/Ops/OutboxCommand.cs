using System.CommandLine;
using System.CommandLine.Invocation;
using Games.Data;
using Games.Outbox.Inspection;
using Npgsql;

namespace Games.Api.Ops;

/// <summary>The verbs of the outbox on the command line. They need the database and nothing else: no broker, no running service.</summary>
internal static class OutboxCommand
{
    private const int DefaultLimit = 20;
    private const int MaxLimit = 1_000;

    public static Task<int> RunAsync(WebApplicationBuilder builder, string[] arguments)
    {
        var parsed = new RootCommand { Create(builder) }.Parse(["outbox", .. arguments]);
        if (parsed.Action is ParseErrorAction wrong)
            wrong.ShowHelp = false;

        return parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
    }

    private static Command Create(WebApplicationBuilder builder) =>
        new("outbox", "Looks into the outbox and decides what becomes of its messages. The database is the one of ConnectionStrings:Games.")
        {
            Status(builder), List(builder), Show(builder), Retry(builder), Discard(builder), Pause(builder), Resume(builder),
        };

    private static Command Status(WebApplicationBuilder builder)
    {
        var command = new Command("status", "How many messages wait, for how long, and whether relaying is paused.");
        command.SetAction((_, ct) => LookAsync(builder, async outbox =>
        {
            OutboxScreen.Show(await outbox.SummariseAsync(ct));
            return true;
        }));
        return command;
    }

    private static Command List(WebApplicationBuilder builder)
    {
        var state = new Option<OutboxMessageState>("--state") { Description = "Which messages", DefaultValueFactory = _ => OutboxMessageState.Pending };
        var limit = new Option<int>("--limit") { Description = $"How many at most (1 to {MaxLimit})", HelpName = "N", DefaultValueFactory = _ => DefaultLimit };
        limit.Validators.Add(result =>
        {
            if (!result.Errors.Any() && result.GetValueOrDefault<int>() is < 1 or > MaxLimit)
                result.AddError($"--limit must be 1 to {MaxLimit}.");
        });
        var cursor = new Option<InspectionCursor?>("--cursor")
        {
            Description = "Where the page begins: what the page before said",
            HelpName = "CURSOR",
            CustomParser = result =>
            {
                if (InspectionCursor.TryParse(result.Tokens[0].Value, out var after))
                    return after;

                result.AddError("--cursor is not one that a list has given.");
                return null;
            },
        };
        var command = new Command("list", "Lists messages: when they were created, how often they were tried, why they failed.") { state, limit, cursor };
        command.SetAction((options, ct) => LookAsync(builder, async outbox =>
        {
            var page = await outbox.ListAsync(options.GetValue(state), options.GetValue(limit), options.GetValue(cursor), ct);
            OutboxScreen.Show(page, options.GetValue(state));
            return true;
        }));
        return command;
    }

    private static Command Show(WebApplicationBuilder builder)
    {
        var number = Number();
        var command = new Command("show", "Shows one message with its headers and its body.") { number };
        command.SetAction((options, ct) => LookAsync(builder, async outbox =>
        {
            if (await outbox.FindAsync(options.GetValue(number), ct) is not { } message)
                return OutboxScreen.Complain($"There is no message {options.GetValue(number)} in the outbox; it may have been published.");

            OutboxScreen.Show(message);
            return true;
        }));
        return command;
    }

    private static Command Retry(WebApplicationBuilder builder)
    {
        var number = Number();
        number.Arity = ArgumentArity.ZeroOrOne;
        var all = new Option<bool>("--all") { Description = "All dead messages" };
        var command = new Command("retry", "Lets a message that is dead, or waits for its next attempt, be tried again at once; or all that are dead.") { number, all };
        command.Validators.Add(result =>
        {
            if (result.GetValue(all) == (result.GetResult(number) is { Tokens.Count: > 0 }))
                result.AddError("Name one message by its number, or all by --all.");
        });
        command.SetAction((options, ct) => ActAsync(builder, async outbox =>
        {
            if (options.GetValue(all))
                return OutboxScreen.Say($"{await outbox.RetryDeadAsync(ct)} dead messages are tried again.");

            return await outbox.RetryAsync(options.GetValue(number), ct)
                ? OutboxScreen.Say($"Message {options.GetValue(number)} is tried again.")
                : OutboxScreen.Complain($"Message {options.GetValue(number)} is not to be retried: it is scheduled, may leave at once already, is being published, or is gone.");
        }));
        return command;
    }

    private static Command Discard(WebApplicationBuilder builder)
    {
        var number = Number();
        var command = new Command("discard", "Deletes one message, so that nobody gets it.") { number };
        command.SetAction((options, ct) => ActAsync(builder, async outbox => await outbox.DiscardAsync(options.GetValue(number), ct)
            ? OutboxScreen.Say($"Message {options.GetValue(number)} is discarded.")
            : OutboxScreen.Complain($"Message {options.GetValue(number)} was not discarded: it is being published, or is gone.")));
        return command;
    }

    private static Command Pause(WebApplicationBuilder builder)
    {
        var by = new Option<string>("--by") { Description = "Who pauses, for others to see (16 bytes are kept)", HelpName = "NAME", DefaultValueFactory = _ => Environment.UserName };
        var command = new Command("pause", "Stops relaying in all processes until it is resumed; messages are still captured.") { by };
        command.SetAction((options, ct) => ActAsync(builder, async outbox => OutboxScreen.Say(await outbox.PauseAsync(options.GetRequiredValue(by), ct)
            ? "Relaying is paused."
            : "Relaying was paused already.")));
        return command;
    }

    private static Command Resume(WebApplicationBuilder builder)
    {
        var command = new Command("resume", "Lets all processes relay again.");
        command.SetAction((_, ct) => ActAsync(builder, async outbox => OutboxScreen.Say(await outbox.ResumeAsync(ct)
            ? "Relaying is resumed."
            : "Relaying was not paused.")));
        return command;
    }

    private static Argument<long> Number() => new("number") { Description = "The message's number in the list", HelpName = "N" };

    private static Task<int> LookAsync(WebApplicationBuilder builder, Func<OutboxInspection<GamesDbContext>, Task<bool>> verb) => RunAsync(builder, verb);

    private static Task<int> ActAsync(WebApplicationBuilder builder, Func<OutboxControl<GamesDbContext>, Task<bool>> verb) => RunAsync(builder, verb);

    private static async Task<int> RunAsync<TOutbox>(WebApplicationBuilder builder, Func<TOutbox, Task<bool>> verb)
        where TOutbox : class
    {
        builder.Logging.ClearProviders();
        builder.AddGamesDatabase();
        builder.Services.AddOutboxInspection<GamesDbContext>();
        await using var app = builder.Build();

        try
        {
            return await verb(app.Services.GetRequiredService<TOutbox>()) ? 0 : 1;
        }
        catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.UndefinedColumn or PostgresErrorCodes.InvalidCatalogName)
        {
            throw new SettingException($"The database at ConnectionStrings:{GamesDatabase.Name} is not migrated: run --migrate first ({e.MessageText}).");
        }
        catch (Exception e) when (e.IsDatabaseGone() || e is PostgresException)
        {
            throw new SettingException($"The database at ConnectionStrings:{GamesDatabase.Name} does not answer: {e.GetBaseException().Message}");
        }
    }
}
