extern alias Bot;

using System.Collections.Concurrent;
using System.Text.Json;
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

public sealed class IngestMessageTests(TestDatabase database) : IngestionScenarios(database)
{
    [Fact]
    public async Task A_message_that_the_handler_takes_is_stored_as_it_was_written()
    {
        var message = NewMessage.With("don't \"panic\" 🎲") with
        {
            Attachments = [JsonElement.Parse("""{"id":"1","url":"https://cdn.example/map.png"}""")],
            Embeds = [JsonElement.Parse("""{"title":"a map"}""")],
            IsForwarded = true,
        };

        Assert.True(await Handler.HandleAsync(message, default));

        await StoredAsync(message.Id);
        var row = (await FindAsync(message.Id))!;
        Assert.Equal(
            (NewMessage.ChannelId, NewMessage.GuildId, NewMessage.AuthorId, "anna", "don't \"panic\" 🎲", NewMessage.SentAt, true, false),
            (row.ChannelId, row.GuildId, row.AuthorId, row.AuthorName, row.Content, row.SentAt, row.IsForwarded, row.IsProcessed));
        Assert.Equal("https://cdn.example/map.png", JsonElement.Parse(row.Attachments)[0].GetProperty("url").GetString());
        Assert.Equal("a map", JsonElement.Parse(row.Embeds)[0].GetProperty("title").GetString());
        Assert.Equal(message.Id, JsonElement.Parse(row.Raw).GetProperty("messageId").GetString());
        Assert.Null(row.DeletedAt);
        Assert.Equal("created", Assert.Single(await ToldOfAsync(message.Id, 1)));
        await Until.TrueAsync(() => Metrics.Total("stored.created") == 1, "it is counted");
        Assert.Equal(1, Metrics.Delays.Count);
    }

    [Fact]
    public async Task A_message_with_nothing_but_an_attachment_is_stored()
    {
        var message = NewMessage.With(content: "") with { Attachments = [JsonElement.Parse("{}")] };

        await Handler.HandleAsync(message, default);

        await StoredAsync(message.Id);
    }

    [Fact]
    public async Task The_same_message_again_is_one_row_and_counted_as_a_duplicate()
    {
        var message = NewMessage.With();
        await Handler.HandleAsync(message, default);
        await StoredAsync(message.Id);

        await Handler.HandleAsync(message, default);
        await Until.TrueAsync(() => Metrics.Total("duplicates") == 1, "the handler's repeat is known by its MessageId");
        await Harness.Bus.Publish(NewMessage.Event(message.Id, "from elsewhere, with a MessageId of its own"));
        await Until.TrueAsync(() => Metrics.Total("duplicates") == 2, "the other's repeat is known by its row");

        Assert.Equal("hello", (await FindAsync(message.Id))!.Content);
        Assert.Equal(1, Metrics.Total("stored.created"));
        Assert.Equal("created", Assert.Single(await ToldOfAsync(message.Id, 1)));
    }

    [Theory]
    [InlineData(0, 1, 2)]
    [InlineData(0, 2, 1)]
    [InlineData(2, 0, 1)]
    [InlineData(2, 1, 0)]
    [InlineData(1, 2, 0)]
    public async Task Of_a_messages_versions_the_newest_stays_in_whatever_order_they_come(params int[] order)
    {
        var id = NewMessage.NextId();
        DiscordMessageReceived[] versions =
        [
            NewMessage.Event(id, "first"),
            NewMessage.Event(id, "second", NewMessage.SentAt.AddMinutes(1)),
            NewMessage.Event(id, "third", NewMessage.SentAt.AddMinutes(2)),
        ];

        for (var i = 0; i < order.Length; i++)
        {
            await Harness.Bus.Publish(versions[order[i]]);
            await HandledAsync(i + 1);
        }

        var row = (await FindAsync(id))!;
        Assert.Equal(("third", NewMessage.SentAt.AddMinutes(2)), (row.Content, row.EditedAt));
        var taken = order.Where((version, i) => order[..i].All(before => before < version)).Count();
        Assert.Equal(taken, Metrics.Total("stored.created") + Metrics.Total("stored.edited"));
        Assert.Equal(3 - taken, Metrics.Total("duplicates"));
        var changes = await ToldOfAsync(id, taken);
        Assert.Equal(["created", .. Enumerable.Repeat("edited", taken - 1)], changes);
    }

    [Fact]
    public async Task Many_versions_that_come_at_once_leave_the_newest()
    {
        var id = NewMessage.NextId();
        var versions = Enumerable.Range(0, 50).Select(i => NewMessage.Event(id, $"version {i}", NewMessage.SentAt.AddSeconds(i))).ToArray();
        Random.Shared.Shuffle(versions);

        await Task.WhenAll(versions.Select(version => Harness.Bus.Publish(version)));

        await HandledAsync(50);
        Assert.Equal("version 49", (await FindAsync(id))!.Content);
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 0)]
    public async Task The_preview_of_a_link_is_stored_whether_it_comes_after_the_message_or_before(params int[] order)
    {
        var message = NewMessage.With("https://example.org");
        IncomingMessage[] versions = [message, message with { Embeds = [JsonElement.Parse("""{"title":"Example Domain"}""")] }];

        foreach (var version in order)
            await Handler.HandleAsync(versions[version], default);
        await HandledAsync(2);

        Assert.Equal("Example Domain", JsonElement.Parse((await FindAsync(message.Id))!.Embeds)[0].GetProperty("title").GetString());
    }

    [Theory]
    [InlineData("stickers")]
    [InlineData("poll")]
    public async Task A_message_with_nothing_but_a_sticker_or_a_poll_is_stored(string what)
    {
        var message = NewMessage.With(content: "") with
        {
            Stickers = what is "stickers" ? [JsonElement.Parse("""{"name":"wave"}""")] : null,
            Poll = what is "poll" ? JsonElement.Parse("""{"name":"wave"}""") : null,
        };

        Assert.True(await Handler.HandleAsync(message, default));

        await StoredAsync(message.Id);
        Assert.Contains("wave", JsonElement.Parse((await FindAsync(message.Id))!.Raw).GetProperty(what).GetRawText());
    }

    [Fact]
    public async Task A_message_that_was_edited_is_to_be_processed_again()
    {
        var message = NewMessage.With();
        await Handler.HandleAsync(message, default);
        await StoredAsync(message.Id);
        await using (var scope = Host.Services.CreateAsyncScope())
        {
            await scope.ServiceProvider.GetRequiredService<GamesDbContext>().DiscordMessages
                .Where(x => x.MessageId == message.Id).ExecuteUpdateAsync(x => x.SetProperty(y => y.IsProcessed, true));
        }

        await Handler.HandleAsync(message with { Content = "better", EditedAt = NewMessage.SentAt.AddMinutes(1) }, default);

        await Until.TrueAsync(async () => await FindAsync(message.Id) is { Content: "better", IsProcessed: false }, "the edit is stored");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_deletion_is_marked_and_stays_whether_it_comes_after_the_message_or_before(bool before)
    {
        var message = NewMessage.With("regretted");

        if (before)
            await DeleteAsync();
        await Handler.HandleAsync(message, default);
        await HandledAsync(before ? 2 : 1);
        if (!before)
            await DeleteAsync();
        // Heard of twice, as after a reconnect.
        await Handler.HandleDeletionAsync(message.Id, message.ChannelId, message.GuildId, default);
        await Until.TrueAsync(() => Metrics.Total("duplicates") == 1, "the repeat is known");

        var row = (await FindAsync(message.Id))!;
        Assert.NotNull(row.DeletedAt);
        Assert.Equal(("regretted", NewMessage.AuthorId), (row.Content, row.AuthorId));
        Assert.Equal(1, Metrics.Total("stored.deleted"));
        Assert.Contains("deleted", await ToldOfAsync(message.Id, 2));

        async Task DeleteAsync()
        {
            await Handler.HandleDeletionAsync(message.Id, message.ChannelId, message.GuildId, default);
            await Until.TrueAsync(() => Metrics.Total("stored.deleted") == 1, "the deletion is stored");
        }
    }

    [Theory]
    [MemberData(nameof(MalformedMessages.All), MemberType = typeof(MalformedMessages))]
    public async Task What_cannot_be_stored_is_refused_by_the_handler_and_by_the_consumer_and_holds_up_nobody(string field, string what)
    {
        var bad = MalformedMessages.Of(what);

        // By whatever way it comes past the handler.
        await Harness.Bus.Publish(bad);
        var good = NewMessage.With();
        await Handler.HandleAsync(good, default);

        await StoredAsync(good.Id);
        Assert.True(await Harness.Published.Any<Fault<DiscordMessageReceived>>(fault => fault.Context.Message.Message.MessageId == bad.MessageId));
        var fault = Harness.Published.Select<Fault<DiscordMessageReceived>>(fault => fault.Context.Message.Message.MessageId == bad.MessageId, Now)
            .First().Context.Message.Exceptions[0];
        Assert.Equal(typeof(InvalidDiscordMessageException).FullName, fault.ExceptionType);
        Assert.Contains(field, fault.Message);
        await Until.TrueAsync(() => Metrics.Total("invalid") == 1, "it is counted");

        if (bad.AuthorId is { } author)
        {
            var incoming = new IncomingMessage(
                bad.MessageId, bad.ChannelId == "" ? NewMessage.ChannelId : bad.ChannelId, bad.GuildId, author, "anna", false,
                bad.Content!, bad.SentAt, bad.EditedAt, bad.Attachments, bad.Embeds);
            if (bad.ChannelId == "" || bad.Content == "")
                return;
            Assert.Contains(field, (await Assert.ThrowsAsync<InvalidDiscordMessageException>(() => Handler.HandleAsync(incoming, default))).Message);
            Assert.Equal(2, Metrics.Total("invalid"));
        }
    }

    [Fact]
    public async Task The_row_and_its_event_are_one_transaction()
    {
        var message = NewMessage.With() with { Id = "499999999999999999" };
        await using (var scope = Host.Services.CreateAsyncScope())
        {
            await scope.ServiceProvider.GetRequiredService<GamesDbContext>().Database.ExecuteSqlRawAsync("""
                CREATE FUNCTION refuse_event() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN
                    IF NEW."MessageType" LIKE '%MessageStored%' AND NEW."Body" LIKE '%499999999999999999%' THEN
                        RAISE EXCEPTION 'no room' USING ERRCODE = '23514';
                    END IF;
                    RETURN NEW;
                END$$;
                CREATE TRIGGER refuse_event BEFORE INSERT ON "OutboxMessage" FOR EACH ROW EXECUTE FUNCTION refuse_event();
                """);
        }

        await Handler.HandleAsync(message, default);

        Assert.True(await Harness.Published.Any<Fault<DiscordMessageReceived>>(fault => fault.Context.Message.Message.MessageId == message.Id));
        Assert.Null(await FindAsync(message.Id));
        await Until.TrueAsync(() => Metrics.Total("invalid") == 1, "it is counted");
        Assert.Equal(0, Metrics.Total("stored.created"));
    }
}
