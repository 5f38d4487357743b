using Games.Tests.Messaging;
using Games.Tests.Servers;
using MassTransit;
using MassTransit.EntityFrameworkCoreIntegration;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Games.Tests.Outbox;

/// <summary>What the published package does otherwise.</summary>
public sealed class OwnConsumingTests(EmptyDatabase database, TestBroker broker) : ConsumingScenarios(database, broker)
{
    [Fact]
    public async Task A_consumer_that_always_fails_leaves_no_inbox_row()
    {
        await using var service = await StartAsync();
        var taken = NewNote();
        var messageId = NewId.NextGuid();
        service.Services.GetRequiredService<Failures>().Plan(taken.Id, times: int.MaxValue);

        await PublishAsync(service, taken, messageId);

        await Until.TrueAsync(() => Faults(service).Any(x => x.Message == taken), "the fault has arrived");
        await FenceAsync(service);
        Assert.False(await service.QueryAsync(db => db.Set<InboxState>().AnyAsync(x => x.MessageId == messageId)));
    }

    [Fact]
    public async Task Deliveries_that_are_here_at_the_same_time_share_transactions()
    {
        await using var service = await StartTogetherAsync();
        var notes = Enumerable.Range(0, 60).Select(_ => (Taken: NewNote(), MessageId: NewId.NextGuid())).ToArray();

        await Task.WhenAll(notes.Select(x => PublishAsync(service, x.Taken, x.MessageId)));

        await Until.TrueAsync(() => notes.All(x => Filed(service).Contains(x.Taken.Id)), "all have had their effect");
        foreach (var (taken, _) in notes)
            Assert.Single(await NotesAsync(service, taken));
        Assert.InRange(await TransactionsAsync(service, notes.Select(x => x.MessageId)), 1, notes.Length / 2);
        Assert.DoesNotContain(service.Logs.At(LogLevel.Information), x => x.Contains("could not share") || x.Contains("its repeat has no effect"));
    }

    [Fact]
    public async Task A_pooled_context_that_counts_its_connection_as_open_shares_a_transaction_all_the_same()
    {
        await using var service = await StartTogetherAsync();
        var scopes = Enumerable.Range(0, 40).Select(_ => service.Services.CreateAsyncScope()).ToArray();
        foreach (var scope in scopes)
            await scope.ServiceProvider.GetRequiredService<NotesDbContext>().Database.OpenConnectionAsync();
        foreach (var scope in scopes)
            await scope.DisposeAsync();
        var notes = Enumerable.Range(0, 40).Select(_ => (Taken: NewNote(), MessageId: NewId.NextGuid())).ToArray();

        await Task.WhenAll(notes.Select(x => PublishAsync(service, x.Taken, x.MessageId)));

        await Until.TrueAsync(() => notes.All(x => Filed(service).Contains(x.Taken.Id)), "all have had their effect");
        Assert.DoesNotContain(service.Logs.At(LogLevel.Information), x => x.Contains("could not share"));
    }

    [Fact]
    public async Task A_delivery_that_fails_in_a_shared_transaction_takes_nothing_from_the_others()
    {
        await using var service = await StartTogetherAsync();
        var notes = Enumerable.Range(0, 40).Select(_ => (Taken: NewNote(), MessageId: NewId.NextGuid())).ToArray();
        var (failing, swallowing, healing) = (notes[7].Taken, notes[17].Taken, notes[27].Taken);
        service.Services.GetRequiredService<Failures>().Plan(failing.Id, times: int.MaxValue);
        service.Services.GetRequiredService<Failures>().Swallow(swallowing.Id);
        service.Services.GetRequiredService<Failures>().Plan(healing.Id, times: 3);

        await Task.WhenAll(notes.Select(x => PublishAsync(service, x.Taken, x.MessageId)));

        await Until.TrueAsync(() => notes.Count(x => Filed(service).Contains(x.Taken.Id)) == notes.Length - 2, "all others have had their effect");
        await Until.TrueAsync(() => Faults(service).Select(x => x.Message).ToHashSet().SetEquals([failing, swallowing]), "the two have faulted");
        await FenceAsync(service);
        foreach (var (taken, _) in notes.Where(x => x.Taken != failing && x.Taken != swallowing))
        {
            Assert.Single(await NotesAsync(service, taken));
            Assert.Single(Filed(service), x => x == taken.Id);
        }
        Assert.Empty(await NotesAsync(service, failing));
        Assert.Empty(await NotesAsync(service, swallowing));
    }

    [Fact]
    public async Task A_failure_in_a_shared_transaction_that_no_retry_handles_is_one_fault()
    {
        await using var service = await StartTogetherAsync();
        var notes = Enumerable.Range(0, 40).Select(i => i % 8 == 3 ? NewNote() with { Text = Hopeless } : NewNote()).ToArray();
        var (failing, others) = (notes.Where(x => x.Text == Hopeless).ToHashSet(), notes.Where(x => x.Text != Hopeless).ToArray());
        foreach (var note in failing)
            service.Services.GetRequiredService<Failures>().Plan(note.Id, times: int.MaxValue);

        await Task.WhenAll(notes.Select(x => PublishAsync(service, x, NewId.NextGuid())));

        await Until.TrueAsync(() => others.All(x => Filed(service).Contains(x.Id)), "all others have had their effect");
        await Until.TrueAsync(() => failing.IsSubsetOf(Faults(service).Select(x => x.Message)), "the failing have faulted");
        await FenceAsync(service);
        Assert.Equal(failing.Count, Faults(service).Length);
    }

    [Fact]
    public async Task Repeats_within_one_shared_transaction_have_one_effect()
    {
        await using var service = await StartTogetherAsync();
        var notes = Enumerable.Range(0, 10).Select(_ => (Taken: NewNote(), MessageId: NewId.NextGuid())).ToArray();

        await Task.WhenAll(notes.SelectMany(x => Enumerable.Range(0, 3).Select(_ => PublishAsync(service, x.Taken, x.MessageId))));

        await Until.TrueAsync(() => notes.All(x => Observed(service).Count(id => id == x.MessageId) == 3), "all deliveries are settled");
        await Until.TrueAsync(() => notes.All(x => Filed(service).Contains(x.Taken.Id)), "all have had their effect");
        await FenceAsync(service);
        foreach (var (taken, _) in notes)
        {
            Assert.Single(await NotesAsync(service, taken));
            Assert.Single(Filed(service), x => x == taken.Id);
        }
        Assert.Contains(service.Logs.At(LogLevel.Information), x => x.Contains("its repeat has no effect"));
    }

    [Fact]
    public async Task A_message_that_is_tried_again_has_a_transaction_of_its_own()
    {
        await using var service = await StartTogetherAsync();
        var notes = Enumerable.Range(0, 40).Select(_ => (Taken: NewNote(), MessageId: NewId.NextGuid())).ToArray();
        // In the shared transaction and alone after it: what has its effect is a retry.
        foreach (var (taken, _) in notes)
            service.Services.GetRequiredService<Failures>().Plan(taken.Id, times: 2);

        await Task.WhenAll(notes.Select(x => PublishAsync(service, x.Taken, x.MessageId)));

        await Until.TrueAsync(() => notes.All(x => Filed(service).Contains(x.Taken.Id)), "all have had their effect");
        Assert.Equal(notes.Length, await TransactionsAsync(service, notes.Select(x => x.MessageId)));
    }

    [Fact]
    public async Task Contexts_whose_strategy_tries_again_share_no_transaction()
    {
        await using var service = await StartAsync(x =>
        {
            x.Configuration["Outbox:ConsumeTogether"] = "16";
            x.Services.ConfigureDbContext<NotesDbContext>(options => options.UseNpgsql(npgsql => npgsql.EnableRetryOnFailure()));
        });
        var notes = Enumerable.Range(0, 40).Select(_ => (Taken: NewNote(), MessageId: NewId.NextGuid())).ToArray();

        await Task.WhenAll(notes.Select(x => PublishAsync(service, x.Taken, x.MessageId)));

        await Until.TrueAsync(() => notes.All(x => Filed(service).Contains(x.Taken.Id)), "all have had their effect");
        Assert.Equal(notes.Length, await TransactionsAsync(service, notes.Select(x => x.MessageId)));
        // Nor is it tried: EF Core would say so.
        Assert.Empty(service.Logs.At(LogLevel.Error));
    }

    // With contexts that live on: the relay's and the consumers' are the same ones.
    private Task<NotesService> StartTogetherAsync() => StartAsync(x => x.Configuration["Outbox:ConsumeTogether"] = "16", pooled: true);

    /// <summary>In how many transactions these messages were consumed: PostgreSQL notes on every row which one inserted it.</summary>
    private static Task<int> TransactionsAsync(NotesService service, IEnumerable<Guid> messages) => service.QueryAsync(db => db.Database
        .SqlQueryRaw<int>("""SELECT count(DISTINCT xmin::text)::int AS "Value" FROM "InboxState" WHERE "MessageId" = ANY({0})""", messages.ToArray())
        .SingleAsync());
}
