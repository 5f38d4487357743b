namespace Games.FakeDiscord.State;

/// <summary>The bits that something here looks at, and how they add up.</summary>
internal static class Permissions
{
    public const ulong Administrator = 1UL << 3;
    public const ulong ViewChannel = 1UL << 10;
    public const ulong SendMessages = 1UL << 11;
    public const ulong ManageMessages = 1UL << 13;
    public const ulong EmbedLinks = 1UL << 14;
    public const ulong ReadMessageHistory = 1UL << 16;
    public const ulong MentionEveryone = 1UL << 17;
    public const ulong UseApplicationCommands = 1UL << 31;
    public const ulong All = (1UL << 53) - 1;

    public const ulong OfBot = ViewChannel | SendMessages | EmbedLinks | ReadMessageHistory;
    public const ulong OfMember = OfBot | UseApplicationCommands;

    private const ulong OfTimedOut = ViewChannel | ReadMessageHistory;

    public static ulong Of(Guild guild, Member member)
    {
        if (guild.OwnerId == member.User.Id || (member.Permissions & Administrator) != 0)
            return All;
        return member.IsTimedOut ? member.Permissions & OfTimedOut : member.Permissions;
    }

    /// <summary>Deny, then allow: first for everyone, then for the member's role, then for the member.</summary>
    public static ulong In(Channel channel, Guild guild, Member member)
    {
        var permissions = Of(guild, member);
        if (permissions == All)
            return All;

        foreach (var id in (string[])[guild.Id, guild.RoleOf(member), member.User.Id])
        {
            foreach (var overwrite in channel.Overwrites.Where(overwrite => overwrite.Id == id))
                permissions = (permissions & ~overwrite.Deny) | overwrite.Allow;
        }

        // Nothing can be done in a channel that cannot be seen.
        if ((permissions & ViewChannel) == 0)
            return 0;
        return member.IsTimedOut ? permissions & OfTimedOut : permissions;
    }
}
