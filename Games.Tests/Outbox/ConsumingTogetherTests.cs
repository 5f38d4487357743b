using Games.Outbox.Inbox;
using Games.Tests.Messaging;
using Games.Tests.Servers;
using MassTransit;
using MassTransit.EntityFrameworkCoreIntegration;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Games.Tests.Outbox;

/// <summary>A consumer that works on the messages of all deliveries which share its transaction, in one call.</summary>
public sealed class ConsumingTogetherTests(EmptyDatabase database, TestBroker broker) : IClassFixture<EmptyDatabase>, IClassFixture<TestBroker>
{
    private const string Poison = "poison";
    private const string Illegible = "illegible";
    private const string Unsociable = "unsociable";
    private const string Regretful = "regretful";

    [Fact]
    public async Task The_messages_of_a_shared_transaction_are_one_call()
    {
        await using var service = await StartAsync();
        var notes = NewNotes(60);

        await PublishAsync(service, notes);

        await FiledAsync(service, notes);
        var calls = Calls(service);
        Assert.Equal(notes.Select(x => x.Id).Order(), calls.SelectMany(x => x.Notes).Order());
        Assert.InRange(calls.Length, 1, notes.Length / 2);
        foreach (var call in calls)
            Assert.Single(await TransactionsAsync(service, call.Notes));
    }

    [Fact]
    public async Task What_is_published_for_a_message_belongs_to_its_conversation()
    {
        await using var service = await StartAsync();
        var notes = NewNotes(40);

        await PublishAsync(service, notes);

        await FiledAsync(service, notes);
        Assert.Contains(Calls(service), x => x.Notes.Length > 1);
        Assert.All(Filed(service), x => Assert.Equal(x.Message.Id, x.ConversationId));
    }

    [Fact]
    public async Task When_the_call_fails_each_message_is_consumed_alone()
    {
        await using var service = await StartAsync();
        var notes = NewNotes(40);
        notes[11] = notes[11] with { Text = $"{Unsociable} {notes[11].Id}" };
        notes[23] = notes[23] with { Text = $"{Poison} {notes[23].Id}" };
        var healthy = notes.Where(x => x != notes[23]).ToArray();

        await PublishAsync(service, notes);

        await FiledAsync(service, healthy);
        await Until.TrueAsync(() => Faults(service).Any(x => x.Message == notes[23]), "the fault has arrived");
        await FenceAsync(service);
        Assert.Single(Faults(service));
        Assert.Equal(healthy.Length + 1, Filed(service).Length);
        Assert.Equal(0, await service.QueryAsync(db => db.Notes.CountAsync(x => x.Id == notes[23].Id)));
    }

    [Theory]
    [InlineData(Illegible, null)]
    [InlineData(Regretful, null)]
    [InlineData(Poison, 3)]
    public async Task Messages_that_fail_before_they_join_or_after_the_call_or_held_up_take_nothing_from_the_others(string text, int? limit)
    {
        await using var service = await StartAsync(limit: limit);
        // So many that some stand behind others that have joined.
        var notes = NewNotes(40).Select((note, i) => i % 4 == 3 ? note with { Text = $"{text} {note.Id}" } : note).ToArray();
        var (failing, others) = (notes.Where(x => x.Text.StartsWith(text)).ToHashSet(), notes.Where(x => !x.Text.StartsWith(text)).ToArray());

        await PublishAsync(service, notes);

        await FiledAsync(service, others);
        await Until.TrueAsync(() => failing.SetEquals(Faults(service).Select(x => x.Message)), "the faults have arrived");
        await FenceAsync(service);
        Assert.Equal(failing.Count, Faults(service).Length);
        Assert.Equal(others.Length + 1, Filed(service).Length);
    }

    [Fact]
    public async Task The_same_message_more_than_once_among_them_has_one_effect()
    {
        await using var service = await StartAsync();
        var notes = NewNotes(10);

        await PublishAsync(service, [.. notes, .. notes, .. notes]);

        await FiledAsync(service, notes);
        await FenceAsync(service);
        Assert.Equal(notes.Length + 1, Filed(service).Length);
    }

    [Fact]
    public async Task Each_type_of_message_has_a_call_of_its_own()
    {
        await using var service = await StartAsync();
        var notes = NewNotes(30);

        await Task.WhenAll(PublishAsync(service, notes), Task.WhenAll(notes.Select(x => Bus(service).Publish(new NotePinned(x.Id)))));

        await FiledAsync(service, notes);
        await Until.TrueAsync(() => notes.Select(x => x.Id).ToHashSet().SetEquals(Pins(service).SelectMany(x => x.Notes)), "all are pinned");
        Assert.Contains(Pins(service), x => x.Notes.Length > 1);
    }

    [Fact]
    public async Task A_retry_within_the_shared_transaction_ends()
    {
        await using var service = await StartAsync(retriesWithin: true);
        var notes = NewNotes(40);
        notes[17] = notes[17] with { Text = $"{Unsociable} {notes[17].Id}" };

        await PublishAsync(service, notes);

        await FiledAsync(service, notes);
        await FenceAsync(service);
        Assert.Equal(notes.Length + 1, Filed(service).Length);
    }

    [Fact]
    public async Task A_limit_behind_the_inbox_that_lets_in_fewer_than_share_holds_nobody_up_for_ever()
    {
        await using var service = await StartAsync(limit: 3);
        var notes = NewNotes(40);

        await PublishAsync(service, notes);

        await FiledAsync(service, notes);
        await FenceAsync(service);
        Assert.Equal(notes.Length + 1, Filed(service).Length);
        // None was rolled back and consumed anew.
        Assert.Equal(notes.Length + 1, Calls(service).Sum(x => x.Notes.Length));
        Assert.Contains(service.Logs.At(LogLevel.Warning), x => x.Contains("ConsumeTogether should be no more"));
    }

    [Fact]
    public async Task Without_sharing_each_message_is_a_list_of_one()
    {
        await using var service = await StartAsync(together: 1);
        var notes = NewNotes(10);

        await PublishAsync(service, notes);

        await FiledAsync(service, notes);
        Assert.All(Calls(service), x => Assert.Single(x.Notes));
    }

    [Fact]
    public void Where_nobody_has_joined_nobody_waits_so_a_slow_consumer_holds_nobody_up() => Assert.False(new JoinedConsumers().IsWaiting);

    private Task<NotesService> StartAsync(int together = 16, bool retriesWithin = false, int? limit = null) => NotesService.StartAsync(
        database.ConnectionString, broker.ConnectionString,
        bus: x =>
        {
            x.AddConsumer<FileNotesConsumer, FileNotesConsumerDefinition>();
            x.AddConsumer<FiledConsumer>();
            x.AddConsumer<FaultConsumer>();
        },
        host: x =>
        {
            x.Configuration["Outbox:ConsumeTogether"] = $"{together}";
            x.Configuration["Outbox:ConsumerTransactions"] = "1";
            x.Services.AddSingleton(new Within(retriesWithin, limit));
        },
        pooled: true);

    private static NoteTaken[] NewNotes(int count) =>
        [.. Enumerable.Range(0, count).Select(_ => Guid.CreateVersion7()).Select(x => new NoteTaken(x, $"note {x}"))];

    private static IBus Bus(NotesService service) => service.Services.GetRequiredService<IBus>();

    private static Task PublishAsync(NotesService service, NoteTaken[] notes) => Task.WhenAll(notes.Select(note => Bus(service).Publish(note, x =>
    {
        x.MessageId = note.Id;
        x.ConversationId = note.Id;
    })));

    private static Task FiledAsync(NotesService service, NoteTaken[] notes) => Until.TrueAsync(
        () => notes.Select(x => x.Id).ToHashSet().IsSubsetOf(Filed(service).Select(x => x.Message.Id)), "all have had their effect");

    private static async Task FenceAsync(NotesService service)
    {
        var fence = NewNotes(1);
        await PublishAsync(service, fence);
        await FiledAsync(service, fence);
    }

    private static Call[] Calls(NotesService service) => service.Services.GetRequiredService<Seen>().Of<Call>();

    private static Pin[] Pins(NotesService service) => service.Services.GetRequiredService<Seen>().Of<Pin>();

    private static ConsumeContext<NoteFiled>[] Filed(NotesService service) =>
        service.Services.GetRequiredService<Seen>().Of<ConsumeContext<NoteFiled>>();

    private static Fault<NoteTaken>[] Faults(NotesService service) => service.Services.GetRequiredService<Seen>().Of<Fault<NoteTaken>>();

    /// <summary>The transactions in which these messages were consumed: PostgreSQL notes on every row which one inserted it.</summary>
    private static Task<string[]> TransactionsAsync(NotesService service, Guid[] messages) => service.QueryAsync(db => db.Database
        .SqlQueryRaw<string>("""SELECT DISTINCT xmin::text AS "Value" FROM "InboxState" WHERE "MessageId" = ANY({0})""", messages)
        .ToArrayAsync());

    private sealed record NotePinned(Guid Id);

    private sealed record Call(Guid[] Notes);

    private sealed record Pin(Guid[] Notes);

    /// <summary>What stands between the inbox and the consumer.</summary>
    private sealed record Within(bool Retries, int? Limit);

    private sealed class FileNotesConsumer(NotesDbContext db, Seen seen) : IConsumer<NoteTaken>, IConsumer<NotePinned>
    {
        public async Task Consume(ConsumeContext<NoteTaken> context)
        {
            if (context.Message.Text.StartsWith(Illegible))
                throw new InvalidOperationException("planned");

            await context.ConsumeTogether(FileAsync);
            if (context.Message.Text.StartsWith(Regretful))
                throw new InvalidOperationException("planned");
        }

        public Task Consume(ConsumeContext<NotePinned> context) => context.ConsumeTogether(PinAsync);

        private async Task FileAsync(IReadOnlyList<ConsumeContext<NoteTaken>> notes)
        {
            seen.Add(new Call([.. notes.Select(x => x.Message.Id)]));
            db.AddRange(notes.Select(x => new Note { Id = x.Message.Id, Text = x.Message.Text }));
            foreach (var note in notes)
                await note.Publish(new NoteFiled(note.Message.Id, note.Message.Text), note.CancellationToken);
            await db.SaveChangesAsync();

            if (notes.Any(x => x.Message.Text.StartsWith(Poison) || notes.Count > 1 && x.Message.Text.StartsWith(Unsociable)))
                throw new InvalidOperationException("planned");
        }

        private Task PinAsync(IReadOnlyList<ConsumeContext<NotePinned>> notes)
        {
            seen.Add(new Pin([.. notes.Select(x => x.Message.Id)]));

            return Task.CompletedTask;
        }
    }

    private sealed class FileNotesConsumerDefinition(Within within) : ConsumerDefinition<FileNotesConsumer>
    {
        protected override void ConfigureConsumer(
            IReceiveEndpointConfigurator endpointConfigurator, IConsumerConfigurator<FileNotesConsumer> consumerConfigurator,
                IRegistrationContext context)
        {
            endpointConfigurator.UseEntityFrameworkOutbox<NotesDbContext>(context);
            if (within.Retries)
                consumerConfigurator.UseMessageRetry(x => x.Immediate(2));
            if (within.Limit is { } limit)
                consumerConfigurator.UseConcurrentMessageLimit(limit);
        }
    }

    private sealed class FiledConsumer(Seen seen) : IConsumer<NoteFiled>
    {
        public Task Consume(ConsumeContext<NoteFiled> context)
        {
            seen.Add(context);

            return Task.CompletedTask;
        }
    }

    private sealed class FaultConsumer(Seen seen) : IConsumer<Fault<NoteTaken>>
    {
        public Task Consume(ConsumeContext<Fault<NoteTaken>> context)
        {
            seen.Add(context.Message);

            return Task.CompletedTask;
        }
    }
}
