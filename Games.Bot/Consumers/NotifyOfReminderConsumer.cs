using Games.Bot.Announcing;
using Games.Contracts;
using MassTransit;

namespace Games.Bot.Consumers;

/// <summary>A game that was moved or cancelled since does not begin soon.</summary>
internal sealed class NotifyOfReminderConsumer(DirectMessageWriter messages) : IConsumer<GameReminderDue>
{
    public async Task Consume(ConsumeContext<GameReminderDue> context)
    {
        var (due, ct) = (context.Message, context.CancellationToken);
        var game = await messages.FindAsync(due.GameId, ct);
        if (!game.IsToRemind(due.ScheduledAt, due.Minutes))
            return;

        string[] users = [game.HostId, .. game.Playing.Select(player => player.UserId)];
        await messages.WriteAsync(game.Id, users, DirectMessageText.Reminded(game), ct);
    }
}

internal sealed class NotifyOfReminderConsumerDefinition() : GameConsumerDefinition<NotifyOfReminderConsumer>(Queues.NotifyOfReminder);
