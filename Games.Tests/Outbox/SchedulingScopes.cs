using System.Diagnostics;
using Games.Tests.Messaging;
using Games.Tests.Servers;
using MassTransit;
using MassTransit.EntityFrameworkCoreIntegration;
using MassTransit.RabbitMqTransport;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Games.Tests.Outbox;

internal static class SchedulingScopes
{
    public static DateTime Tomorrow => TimeProvider.System.GetUtcNow().UtcDateTime.AddDays(1);

    public static async Task ScheduledAsync(this NotesService service, Func<NotesDbContext, IMessageScheduler, Task> action)
    {
        await using var scope = service.Services.CreateAsyncScope();

        await action(scope.ServiceProvider.GetRequiredService<NotesDbContext>(), scope.ServiceProvider.GetRequiredService<IMessageScheduler>());
    }

    public static async Task<Guid> ScheduleAsync(this NotesService service, string text)
    {
        Guid token = default;
        await service.ScheduledAsync(async (db, scheduler) =>
        {
            token = (await scheduler.SchedulePublish(Tomorrow, new NoteTaken(Guid.CreateVersion7(), text))).TokenId;
            await db.SaveChangesAsync();
        });
        Assert.True(await service.IsScheduledAsync(token));

        return token;
    }

    public static Task<bool> IsScheduledAsync(this NotesService service, Guid token) =>
        service.QueryAsync(db => db.Set<OutboxMessage>().AnyAsync(x => x.SchedulingToken == token));
}
