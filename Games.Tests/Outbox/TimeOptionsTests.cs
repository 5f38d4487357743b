extern alias Bot;

using System.ComponentModel.DataAnnotations;
using Bot::Games.Bot.Ingestion;
using Games.Journal;
using Games.Outbox;

namespace Games.Tests.Outbox;

public sealed class TimeOptionsTests
{
    public static IEnumerable<TheoryDataRow<Type, string>> Times() =>
        from options in new[] { typeof(OutboxOptions), typeof(JournalOptions), typeof(IngestionOptions) }
        from property in options.GetProperties()
        where property.PropertyType == typeof(TimeSpan)
        select new TheoryDataRow<Type, string>(options, property.Name);

    [Theory]
    [MemberData(nameof(Times))]
    public void A_time_that_is_too_long_is_named_with_how_hours_are_written(Type options, string name)
    {
        var refused = Assert.Throws<ValidationException>(() => Validator.ValidateProperty(
            TimeSpan.MaxValue, new ValidationContext(Activator.CreateInstance(options)!) { MemberName = name }));

        Assert.Contains($":{name} must be", refused.Message);
        Assert.Contains("72 hours are 3.00:00:00", refused.Message);
    }
}
