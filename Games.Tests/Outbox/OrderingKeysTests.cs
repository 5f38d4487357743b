using Games.Outbox;
using Games.Outbox.Capture;
using MassTransit;
using MassTransit.Context;

namespace Games.Tests.Outbox;

/// <summary>Which key a message gets: that of its own, that of its type, or that of a type it derives from.</summary>
public sealed class OrderingKeysTests
{
    private readonly OrderingKeys _keys = new();

    [Fact]
    public void Without_a_convention_a_message_has_no_key() => Assert.Null(KeyOf(new CardPaid("card 1")));

    [Fact]
    public void A_convention_holds_for_its_type_and_for_those_that_derive_from_it()
    {
        _keys.Add<IPaid>(x => x.By);

        Assert.Equal("card 1", KeyOf(new CardPaid("card 1")));
        Assert.Equal("cash", KeyOf(new CashPaid("cash")));
        Assert.Null(KeyOf(new Refunded("cash")));
    }

    [Fact]
    public void A_type_with_a_convention_of_its_own_does_not_take_that_of_another()
    {
        _keys.Add<IPaid>(x => x.By);
        _keys.Add<CardPaid>(_ => "cards");
        _keys.Add<CashPaid>(_ => null);

        Assert.Equal("cards", KeyOf(new CardPaid("card 1")));
        Assert.Null(KeyOf(new CashPaid("cash")));
    }

    [Fact]
    public void Of_two_conventions_for_one_type_the_later_holds()
    {
        _keys.Add<CardPaid>(_ => "first");
        _keys.Add<CashPaid>(_ => "cash");
        _keys.Add<CardPaid>(_ => "second");

        Assert.Equal("second", KeyOf(new CardPaid("card 1")));
        Assert.Equal("cash", KeyOf(new CashPaid("till 1")));
    }

    [Fact]
    public void What_is_set_for_one_message_overrides_its_convention_also_with_nothing()
    {
        _keys.Add<CardPaid>(x => x.By);

        Assert.Equal("by hand", KeyOf(new CardPaid("card 1"), x => x.SetOrderingKey("by hand")));
        Assert.Equal("last", KeyOf(new CardPaid("card 1"), x => { x.SetOrderingKey("first"); x.SetOrderingKey("last"); }));
        Assert.Null(KeyOf(new CardPaid("card 1"), x => x.SetOrderingKey(null)));
        Assert.Null(KeyOf(new CardPaid("card 1"), x => x.SetOrderingKey("")));
        Assert.Null(KeyOf(new CardPaid("card 1"), x => x.KeepNoOrder()));
        Assert.Null(KeyOf(new CardPaid("")));
    }

    [Fact]
    public void A_key_has_at_most_256_characters()
    {
        Assert.Equal(256, KeyOf(new CardPaid("x"), x => x.SetOrderingKey(new string('x', 256)))!.Length);

        IsRefused(new string('x', 257), "An ordering key has at most 256 characters, and this one 257.");
    }

    [Theory]
    [InlineData("tx:1")]
    [InlineData("tx:")]
    [InlineData("a\0b")]
    public void A_key_is_none_that_the_outbox_gives_itself_or_PostgreSQL_cannot_store(string key) =>
        IsRefused(key, "An ordering key does not begin with 'tx:' and contains no NUL.");

    private void IsRefused(string key, string rule)
    {
        var byHand = Assert.Throws<ArgumentException>("key", () => KeyOf(new CardPaid("x"), x => x.SetOrderingKey(key)));
        _keys.Add<CardPaid>(x => x.By);
        var byConvention = Assert.Throws<ArgumentException>("key", () => KeyOf(new CardPaid(key)));

        Assert.StartsWith(rule, byHand.Message, StringComparison.Ordinal);
        Assert.StartsWith(rule, byConvention.Message, StringComparison.Ordinal);
    }

    private string? KeyOf<T>(T message, Action<SendContext>? change = null)
        where T : class
    {
        var context = new MessageSendContext<T>(message);
        change?.Invoke(context);
        return _keys.Of(context).Key;
    }

    private interface IPaid
    {
        string By { get; }
    }

    private sealed record CardPaid(string By) : IPaid;

    private sealed record CashPaid(string By) : IPaid;

    private sealed record Refunded(string By);
}
