using Games.Data;

namespace Games.Tests.Data;

public sealed class AnnouncementTests
{
    [Fact]
    public void It_goes_to_the_channel_of_its_game()
    {
        var game = NewGame.With();

        var announcement = Announcement.For(game, "Friday raid", NewGame.Now.AddTicks(19));

        Assert.Equal((game.Id, NewGame.ChannelId, null), (announcement.GameId, announcement.ChannelId, announcement.MessageId));
        Assert.Equal(("Friday raid", NewGame.Now.AddTicks(10)), (announcement.Text, announcement.CreatedAt));
    }

    [Fact]
    public void A_text_that_Discord_would_refuse_is_refused_at_once()
    {
        static string Dice(int count) => string.Concat(Enumerable.Repeat("🎲", count));

        Assert.Equal(Dice(2000), Announcement.For(NewGame.With(), Dice(2000), NewGame.Now).Text);

        Assert.Throws<ArgumentOutOfRangeException>("text", () => Announcement.For(NewGame.With(), Dice(2001), NewGame.Now));
    }
}
