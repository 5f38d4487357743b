using System.CommandLine;
using System.Text.Json;
using Games.Data;
using Games.Journal;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Games.Ops.Events;

/// <summary>The verbs of the journal. They need the database and nothing else: a running service dispatches what they publish.</summary>
internal static class EventsVerbs
{
    public static Command Create() => new Command("events", "Publishes events and looks into the journal.")
    {
        Publish(), List(), Show(), Tail(), Retry(), Discard(),
    }.ShowsHelpWithoutVerb();

    private static Command Publish()
    {
        var type = new Argument<string>("type")
        {
            Description = "What happened, such as game.created; - for one JSON object a line on standard input, each with its eventType",
            HelpName = "TYPE",
        };
        var payload = new Option<string>("--payload")
        {
            Description = "A JSON object; - for standard input",
            HelpName = "JSON",
            DefaultValueFactory = _ => "{}",
        };
        var source = new Option<string>("--source")
        {
            Description = "Who publishes it",
            HelpName = "NAME",
            DefaultValueFactory = _ => Environment.UserName,
        };
        var channel = new Option<string?>("--channel") { Description = "Default: events", HelpName = "NAME" };
        var correlation = new Option<Guid?>("--correlation-id") { Description = "Events that share one leave in their order", HelpName = "UUID" };
        var id = new Option<Guid?>("--id") { Description = "The same again is the same event", HelpName = "UUID" };
        var command = new Command(
            "publish",
            $"Writes one event, or one a line, into the journal and prints the ids. Lines are committed in batches of up to {EventLines.BatchLines}.")
        {
            type, payload, source, channel, correlation, id,
        };
        command.SetAction((options, ct) => OnDatabaseAsync(async services =>
        {
            var events = services.GetRequiredService<IEventPublisher>();
            var given = new NewEvent(
                options.GetRequiredValue(type), "", options.GetValue(source) ?? "", options.GetValue(channel),
                options.GetValue(correlation), options.GetValue(id));
            if (given.EventType == StandardInput.Argument)
                return await new EventLines(events, given).PublishAsync(ct);

            var json = options.GetRequiredValue(payload);
            return await PublishAsync(events, given, json == StandardInput.Argument ? await StandardInput.ReadToEndAsync(ct) : json, ct);
        }));
        return command;
    }

    private static Command List()
    {
        var (type, channel, limit) = (Type(), Channel(), CommonOptions.Limit());
        var correlation = new Option<Guid?>("--correlation-id") { Description = "Only events that share this", HelpName = "UUID" };
        var state = new Option<EventState?>("--state") { Description = "Only events in this state" };
        state.AcceptOnlyNames();
        var command = new Command("list", "Lists events, newest first: id, when, type, channel, source, what became of it.")
        {
            type, channel, correlation, state, limit,
        };
        command.SetAction((options, ct) => OnDatabaseAsync(async services =>
        {
            var wanted = new EventFilter(
                options.GetValue(type), options.GetValue(channel), options.GetValue(correlation), options.GetValue(state));
            var db = services.GetRequiredService<GamesDbContext>();
            var isFound = false;
            await foreach (var line in EventList.FindAsync(db, wanted, options.GetValue(limit), ct))
            {
                isFound = true;
                Console.Out.WriteLine(line);
            }

            // Not among the lines, which a script may count.
            if (!isFound)
                Console.Error.WriteLine("No such events.");
            return true;
        }));
        return command;
    }

    private static Command Show()
    {
        var id = Id();
        var command = new Command("show", "Shows one event as JSON.") { id };
        command.SetAction((options, ct) => OnDatabaseAsync(async services =>
        {
            var wanted = options.GetValue(id);
            if (await services.GetRequiredService<GamesDbContext>().Events.AsNoTracking().SingleOrDefaultAsync(e => e.Id == wanted, ct) is not { } e)
                return Terminal.NotDone($"There is no event {wanted} in the journal.");

            return Terminal.Done(new EventJson(
                e.Id, e.EventType, e.Channel, StoredJson.Parse(e.Payload), e.CreatedAt, e.CorrelationId, e.Source, EventText.State(e.State),
                e.DispatchedAt, e.Attempts, e.NextAttemptAt, e.LastError, e.DeadAt).ForReading());
        }));
        return command;
    }

    private static Command Tail()
    {
        var (type, channel) = (Type(), Channel());
        var json = new Option<bool>("--json") { Description = "One JSON object a line" };
        var command = new Command("tail", "Follows the journal: each event once it is committed, and what becomes of it, until Ctrl+C.")
        {
            type, channel, json,
        };
        command.SetAction((options, ct) => OnDatabaseAsync(services =>
        {
            var journal = new JournalTail(services.GetRequiredService<IServiceScopeFactory>(), services.GetRequiredService<TimeProvider>());
            return new EventTail(journal, options.GetValue(json)).FollowAsync(options.GetValue(type), options.GetValue(channel), ct);
        }));
        return command;
    }

    private static Command Retry()
    {
        var id = Id();
        var all = new Option<bool>("--all") { Description = "All dead events" };
        var command = new Command("retry", "Lets a dead event be dispatched again, once its cause is mended.") { id, all };
        command.RequireOneOrAll(id, all, "Name one event by its id, or all by --all.");
        command.SetAction((options, ct) => OnDatabaseAsync(async services =>
        {
            var dead = services.GetRequiredService<DeadEvents>();
            if (options.GetValue(all))
                return Terminal.Done($"Tried again: {Quantity.Of(await dead.RetryAsync(id: null, ct), "dead event")}.");

            return await dead.RetryAsync(options.GetValue(id), ct) == 1
                ? Terminal.Done($"Event {options.GetValue(id)} is tried again.")
                : NotDead(options.GetValue(id));
        }));
        return command;
    }

    private static Command Discard()
    {
        var id = Id();
        var command = new Command("discard", "Deletes one dead event.") { id };
        command.SetAction((options, ct) => OnDatabaseAsync(async services =>
            await services.GetRequiredService<DeadEvents>().DiscardAsync(options.GetValue(id), ct)
                ? Terminal.Done($"Event {options.GetValue(id)} is discarded.")
                : NotDead(options.GetValue(id))));
        return command;
    }

    private static bool NotDead(Guid id) => Terminal.NotDone($"There is no event {id} in the journal, or it is not dead.");

    private static Argument<Guid> Id() => new("id") { Description = "The event's id", HelpName = "ID" };

    private static Option<string?> Type()
    {
        var type = new Option<string?>("--type") { Description = "Only events of this type; game.* for all that begin so", HelpName = "TYPE" };
        type.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && !EventRules.IsPattern(token.Value))
                result.AddError($"--type {EventRules.EventType}; * stands for any text.");
        });
        return type;
    }

    private static Option<string?> Channel() => new("--channel") { Description = "Only events of this channel", HelpName = "NAME" };

    private static async Task<bool> PublishAsync(IEventPublisher events, NewEvent given, string json, CancellationToken ct)
    {
        try
        {
            var published = await events.PublishAsync([given with { Payload = JsonElement.Parse(json) }], ct);
            return Terminal.Done($"{published[0].Id}");
        }
        catch (EventRefusedException refused)
        {
            return Terminal.NotDone($"Not published: {refused.Message}.");
        }
        catch (JsonException e)
        {
            return Terminal.NotDone($"Not published: the payload is no JSON ({e.Message}).");
        }
    }

    private static Task<int> OnDatabaseAsync(Func<IServiceProvider, Task<bool>> verb) => Database.RunAsync(AddJournal, verb);

    private static void AddJournal(HostApplicationBuilder builder)
    {
        builder.AddEventPublisher();
        builder.Services.AddScoped<DeadEvents>();
    }
}
