using MassTransit;
using MassTransit.EntityFrameworkCoreIntegration;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Games.Tests.Messaging;

/// <summary>What the published package does otherwise.</summary>
public sealed partial class ConsumingTests
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
}
