extern alias Bot;

using System.Collections.Concurrent;
using System.Text.Json;
using Bot::Games.Bot;
using Bot::Games.Bot.Consumers;
using Bot::Games.Bot.Ingestion;
using Games.Contracts;
using Games.Data;
using Games.Tests.Api;
using Games.Tests.Servers;
using MassTransit;
using MassTransit.EntityFrameworkCoreIntegration;
using MassTransit.Testing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Games.Tests.Bot;

public sealed class SkippedMessageTests(TestDatabase database) : IngestionScenarios(database)
{
    [Theory]
    [InlineData("own", NewMessage.OwnId, true, NewMessage.ChannelId, "hello")]
    [InlineData("bot", NewMessage.AuthorId, true, NewMessage.ChannelId, "hello")]
    [InlineData("channel", NewMessage.AuthorId, false, "200000000000000999", "hello")]
    [InlineData("empty", NewMessage.AuthorId, false, NewMessage.ChannelId, "")]
    public async Task A_rule_that_skips_a_message_is_named_in_the_log_and_counted(
        string rule, string author, bool isFromBot, string channel, string content)
    {
        var message = NewMessage.With(content, channel, author, isFromBot);

        Assert.False(await Handler.HandleAsync(message, default));

        Assert.Single(
            Host.Log.Lines, line => line.StartsWith("Debug", StringComparison.Ordinal) && line.Contains(message.Id) && line.Contains($"\"{rule}\""));
        Assert.Equal((1, 1, 0), (Metrics.Total("received"), Metrics.Total($"skipped.{rule}"), Metrics.Total("published")));
    }

    [Fact]
    public async Task Many_empty_ones_in_a_row_are_a_warning_that_names_the_missing_intent()
    {
        for (var i = 0; i < 9; i++)
            await Handler.HandleAsync(NewMessage.With(""), default);
        await Handler.HandleAsync(NewMessage.With(), default);
        for (var i = 0; i < 9; i++)
            await Handler.HandleAsync(NewMessage.With(""), default);
        Assert.DoesNotContain(Host.Log.Lines, line => line.Contains("MESSAGE_CONTENT"));

        for (var i = 0; i < 9; i++)
            await Handler.HandleAsync(NewMessage.With(""), default);

        Assert.Single(Host.Log.Lines, line => line.StartsWith("Warning", StringComparison.Ordinal) && line.Contains("MESSAGE_CONTENT"));
    }

    [Fact]
    public async Task A_deletion_in_another_channel_is_skipped()
    {
        Assert.False(await Handler.HandleDeletionAsync(NewMessage.NextId(), "200000000000000999", null, default));

        Assert.Equal(1, Metrics.Total("skipped.channel"));
    }

    [Fact]
    public async Task Where_no_channel_is_named_nothing_is_kept_and_the_log_says_so()
    {
        await using var scope = Host.Services.CreateAsyncScope();
        var deaf = ActivatorUtilities.CreateInstance<MessageHandler>(scope.ServiceProvider, new DiscordOptions());

        Assert.False(await deaf.HandleAsync(NewMessage.With(), default));

        Assert.Single(Host.Log.Lines, line => line.Contains("Discord:Channels names no channel"));
    }
}
