using System.Globalization;
using Games.Data;

namespace Games.Tests.Data;

public sealed class GameTests
{
    [Fact]
    public void A_new_game_is_scheduled_and_keeps_what_it_was_given()
    {
        var game = NewGame.With(description: "bring snacks", location: "Voice 1", durationMinutes: 120);

        Assert.Equal(7, game.Id.Version);
        Assert.Equal((NewGame.GuildId, NewGame.ChannelId, NewGame.HostId), (game.GuildId, game.ChannelId, game.HostId));
        Assert.Equal(("Friday raid", "bring snacks", "Voice 1"), (game.Title, game.Description, game.Location));
        Assert.Equal((120, 5, GameStatus.Scheduled), (game.DurationMinutes, game.MaxPlayers, game.Status));
        Assert.Equal((NewGame.Now, NewGame.Now), (game.CreatedAt, game.UpdatedAt));
    }

    [Fact]
    public void Ids_follow_the_time_of_creation()
    {
        var ids = Enumerable.Range(0, 20).Select(ms => NewGame.With(now: NewGame.Now.AddMilliseconds(ms)).Id).ToList();

        Assert.Equal(ids.Order(), ids);
    }

    [Fact]
    public void Times_are_kept_in_UTC_and_whole_microseconds_as_the_database_does()
    {
        var game = NewGame.With(
            scheduledAt: new DateTimeOffset(2031, 1, 1, 20, 0, 0, TimeSpan.FromHours(1)).AddTicks(12_345_678), now: NewGame.Now.AddTicks(19));

        Assert.Equal(TimeSpan.Zero, game.ScheduledAt.Offset);
        Assert.Equal(new DateTimeOffset(2031, 1, 1, 19, 0, 0, TimeSpan.Zero).AddTicks(12_345_670), game.ScheduledAt);
        Assert.Equal(NewGame.Now.AddTicks(10), game.CreatedAt);
    }

    [Fact]
    public void A_title_is_trimmed() => Assert.Equal("Friday raid", NewGame.With(title: "  Friday raid \n").Title);

    [Theory]
    [InlineData("")]
    [InlineData("   ")]
    public void A_blank_description_or_location_is_none(string blank)
    {
        var game = NewGame.With(description: blank, location: blank);

        Assert.Null(game.Description);
        Assert.Null(game.Location);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(200)]
    public void A_title_may_have_1_to_200_characters(int length) => Assert.Equal(length, NewGame.With(title: new string('x', length)).Title.Length);

    [Theory]
    [InlineData(0)]
    [InlineData(201)]
    public void No_other_title_is_taken(int length) => IsRefused("title", () => NewGame.With(title: new string('x', length)));

    [Fact]
    public void A_description_of_more_than_2000_characters_is_refused()
    {
        NewGame.With(description: new string('x', 2000));

        IsRefused("description", () => NewGame.With(description: new string('x', 2001)));
    }

    [Fact]
    public void A_location_of_more_than_500_characters_is_refused()
    {
        NewGame.With(location: new string('x', 500));

        IsRefused("location", () => NewGame.With(location: new string('x', 501)));
    }

    [Fact]
    public void A_character_is_a_code_point_as_it_is_in_PostgreSQL()
    {
        static string Dice(int count) => string.Concat(Enumerable.Repeat("🎲", count));

        NewGame.With(title: Dice(200), description: Dice(2000), location: Dice(500));

        IsRefused("title", () => NewGame.With(title: Dice(201)));
        IsRefused("description", () => NewGame.With(description: Dice(2001)));
        IsRefused("location", () => NewGame.With(location: Dice(501)));
    }

    [Fact]
    public void A_game_lies_in_the_future()
    {
        NewGame.With(scheduledAt: NewGame.Now.AddSeconds(1));

        IsRefused("scheduledAt", () => NewGame.With(scheduledAt: NewGame.Now));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1441)]
    public void A_duration_is_1_to_1440_minutes_or_none(int minutes)
    {
        NewGame.With(durationMinutes: 1);
        NewGame.With(durationMinutes: 1440);
        NewGame.With(durationMinutes: null);

        IsRefused("durationMinutes", () => NewGame.With(durationMinutes: minutes));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(101)]
    public void A_game_has_1_to_100_players(int players)
    {
        NewGame.With(maxPlayers: 1);
        NewGame.With(maxPlayers: 100);

        IsRefused("maxPlayers", () => NewGame.With(maxPlayers: players));
    }

    [Theory]
    [InlineData("1234567890123456")]
    [InlineData("123456789012345678901")]
    [InlineData("12345678901234567a")]
    [InlineData("١٢٣٤٥٦٧٨٩٠١٢٣٤٥٦٧")]
    [InlineData("")]
    public void What_is_no_Discord_id_is_refused(string id)
    {
        IsRefused("guildId", () => NewGame.With(guildId: id));
        IsRefused("channelId", () => NewGame.With(channelId: id));
        IsRefused("hostId", () => NewGame.With(hostId: id));
        IsRefused("userId", () => NewGame.With().Join(id, displayName: null, "somebody", NewGame.Now));
    }

    [Theory]
    [InlineData("12345678901234567")]
    [InlineData("12345678901234567890")]
    public void A_Discord_id_has_17_to_20_digits(string id) => Assert.Equal(id, NewGame.With(guildId: id).GuildId);

    [Theory]
    [InlineData("175928847299117063", "2016-04-30T11:18:25.796Z")]
    [InlineData("18446744073709551615", "2154-05-15T07:35:11.103Z")]
    public void A_Discord_id_says_when_it_was_given_out(string id, string time) =>
        Assert.Equal(DateTimeOffset.Parse(time, CultureInfo.InvariantCulture), Snowflake.TimeOf(id));

    [Theory]
    [InlineData(null)]
    [InlineData("ada")]
    [InlineData("18446744073709551616")]
    public void What_is_no_Discord_id_says_no_time(string? id) => Assert.Null(Snowflake.TimeOf(id));

    private static void IsRefused(string name, Func<object> create) =>
        Assert.Equal(name, Assert.ThrowsAny<ArgumentException>(create).ParamName);
}
