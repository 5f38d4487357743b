using MassTransit;
using Microsoft.EntityFrameworkCore;

namespace Games.Tests.Messaging;

/// <summary>The smallest service with an outbox: one table, one rule (no text twice).</summary>
public sealed class NotesDbContext(DbContextOptions<NotesDbContext> options) : DbContext(options)
{
    public DbSet<Note> Notes => Set<Note>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<Note>().HasIndex(x => x.Text).IsUnique();
        modelBuilder.AddTransactionalOutboxEntities();
    }
}

public sealed class Note
{
    public Guid Id { get; set; } = Guid.CreateVersion7();
    public required string Text { get; set; }
}

public sealed record NoteTaken(Guid Id, string Text);

public sealed record NoteFiled(Guid Id, string Text);

/// <summary>Nobody ever consumes it, so no test gives it a queue.</summary>
public sealed record NoteShredded(Guid Id, string Text);
