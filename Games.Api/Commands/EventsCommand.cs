using System.CommandLine;
using System.CommandLine.Invocation;
using System.Text.Json;
using Games.Data;
using Games.Journal;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Games.Api.Commands;

/// <summary>The verbs of the journal on the command line. They need the database and nothing else: a running service dispatches what they publish.</summary>
internal static class EventsCommand
{
    private const string StandardInput = "-";
    private const int DefaultLimit = 20;
    private const int MaxLimit = 1_000;

    private static readonly JsonSerializerOptions Readable = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    /// <summary>Runs a verb; its exit code.</summary>
    public static Task<int> RunEventsVerbAsync(this WebApplicationBuilder builder, string[] arguments)
    {
        var events = new Command("events", "Publishes events and looks into the journal. The database is the one of ConnectionStrings:Games.")
        {
            Publish(builder), List(builder), Show(builder), Tail(builder),
        };
        var parsed = new RootCommand { events }.Parse(["events", .. arguments]);
        if (parsed.Action is ParseErrorAction wrong)
            wrong.ShowHelp = false;

        return parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
    }

    private static Command Publish(WebApplicationBuilder builder)
    {
        var type = new Argument<string>("type") { Description = "What happened, such as game.created; - for one JSON object a line on standard input, each with its eventType", HelpName = "TYPE" };
        var payload = new Option<string>("--payload") { Description = "A JSON object; - for standard input", HelpName = "JSON", DefaultValueFactory = _ => "{}" };
        var source = new Option<string>("--source") { Description = "Who says it", HelpName = "NAME", DefaultValueFactory = _ => Environment.UserName };
        var channel = new Option<string?>("--channel") { Description = "Default: events", HelpName = "NAME" };
        var correlation = new Option<Guid?>("--correlation-id") { Description = "Events that share one leave in their order", HelpName = "UUID" };
        var id = new Option<Guid?>("--id") { Description = "The same again is the same event", HelpName = "UUID" };
        var command = new Command("publish", $"Writes one event, or one a line, into the journal and says the ids. Lines are committed in batches of up to {EventLines.BatchLines}.") { type, payload, source, channel, correlation, id };
        command.SetAction((options, ct) => OnDatabaseAsync(builder, async services =>
        {
            var events = services.GetRequiredService<IEventPublisher>();
            var said = new NewEvent(
                options.GetRequiredValue(type), "", options.GetValue(source) ?? "", options.GetValue(channel), options.GetValue(correlation), options.GetValue(id));
            if (said.EventType == StandardInput)
                return await new EventLines(events, said).PublishAsync(ct);

            var text = options.GetRequiredValue(payload);
            var json = text == StandardInput ? await Console.In.ReadToEndAsync(ct) : text;
            return await PublishAsync(events, said, json, ct);
        }));
        return command;
    }

    private static Command List(WebApplicationBuilder builder)
    {
        var type = new Option<string?>("--type") { Description = "Only events of this type", HelpName = "TYPE" };
        var channel = new Option<string?>("--channel") { Description = "Only events of this channel", HelpName = "NAME" };
        var limit = new Option<int>("--limit") { Description = $"How many at most (1 to {MaxLimit})", HelpName = "N", DefaultValueFactory = _ => DefaultLimit };
        limit.Validators.Add(result =>
        {
            if (!result.Errors.Any() && result.GetValueOrDefault<int>() is < 1 or > MaxLimit)
                result.AddError($"--limit must be 1 to {MaxLimit}.");
        });
        var command = new Command("list", "Lists events, newest first: id, when, type, channel, source, what became of it.") { type, channel, limit };
        command.SetAction((options, ct) => OnDatabaseAsync(builder, async services =>
        {
            var (ofType, ofChannel) = (options.GetValue(type), options.GetValue(channel));
            var found = await services.GetRequiredService<GamesDbContext>().Events.AsNoTracking()
                .Where(e => (ofType == null || e.EventType == ofType) && (ofChannel == null || e.Channel == ofChannel))
                .OrderByDescending(e => e.CreatedAt).ThenByDescending(e => e.Id).Take(options.GetValue(limit)).ToListAsync(ct);
            foreach (var e in found)
                Console.Out.WriteLine($"{e.Id}  {e.CreatedAt:yyyy-MM-dd HH:mm:ss.fff}  {e.EventType}  {e.Channel}  {e.Source}  {StateOf(e)}");
            return true;
        }));
        return command;
    }

    private static Command Show(WebApplicationBuilder builder)
    {
        var id = new Argument<Guid>("id") { Description = "The event's id", HelpName = "ID" };
        var command = new Command("show", "Shows one event as JSON.") { id };
        command.SetAction((options, ct) => OnDatabaseAsync(builder, async services =>
        {
            var wanted = options.GetValue(id);
            if (await services.GetRequiredService<GamesDbContext>().Events.AsNoTracking().SingleOrDefaultAsync(e => e.Id == wanted, ct) is not { } e)
                return Complain($"There is no event {wanted} in the journal.");

            var payload = JsonSerializer.Deserialize<JsonElement>(e.Payload);
            var shown = new { e.Id, e.EventType, e.Channel, payload, e.CreatedAt, e.CorrelationId, e.Source, State = StateOf(e), e.DispatchedAt, e.Attempts, e.NextAttemptAt };
            Console.Out.WriteLine(JsonSerializer.Serialize(shown, Readable));
            return true;
        }));
        return command;
    }

    private static Command Tail(WebApplicationBuilder builder)
    {
        var type = new Option<string?>("--type") { Description = "Only events of this type", HelpName = "TYPE" };
        var channel = new Option<string?>("--channel") { Description = "Only events of this channel", HelpName = "NAME" };
        var json = new Option<bool>("--json") { Description = "One JSON object a line" };
        var command = new Command("tail", "Follows the journal: each event once it is committed, until Ctrl+C.") { type, channel, json };
        command.SetAction((options, ct) => OnDatabaseAsync(builder, services => new EventTail(options.GetValue(json)).FollowAsync(
            services.GetRequiredService<IServiceScopeFactory>(), options.GetValue(type), options.GetValue(channel), ct)));
        return command;
    }

    private static async Task<bool> PublishAsync(IEventPublisher events, NewEvent said, string json, CancellationToken ct)
    {
        try
        {
            var payload = JsonSerializer.Deserialize<JsonElement>(json);
            var (id, _) = await events.PublishAsync(said.EventType, payload, said.Source, said.Channel, said.CorrelationId, said.Id, ct);
            Console.Out.WriteLine(id);
            return true;
        }
        catch (EventRefusedException refused)
        {
            return Complain($"Not published: {refused.Message}.");
        }
        catch (JsonException e)
        {
            return Complain($"Not published: the payload is no JSON ({e.Message}).");
        }
    }

    private static string StateOf(JournalEvent e) => e.DeadAt is not null ? $"dead: {e.LastError}" : e.DispatchedAt is not null ? "dispatched" : "pending";

    private static bool Complain(string text)
    {
        Console.Error.WriteLine(text);
        return false;
    }

    private static async Task<int> OnDatabaseAsync(WebApplicationBuilder builder, Func<IServiceProvider, Task<bool>> verb)
    {
        builder.Logging.ClearProviders();
        builder.AddGamesDatabase();
        builder.AddEventPublisher();
        await using var app = builder.Build();
        await using var scope = app.Services.CreateAsyncScope();

        try
        {
            return await verb(scope.ServiceProvider) ? 0 : 1;
        }
        catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.InvalidCatalogName)
        {
            throw new SettingException($"The database at ConnectionStrings:{GamesDatabase.Name} is not migrated: run --migrate first ({e.MessageText}).");
        }
        catch (Exception e) when (e.IsDatabaseGone() || e is PostgresException)
        {
            throw new SettingException($"The database at ConnectionStrings:{GamesDatabase.Name} does not answer: {e.GetBaseException().Message}");
        }
    }
}
