/*
 * Files with an image in them: the ELF object and its seal, alone or behind an executable.
 */
#include "image/image.h"

#include <elf.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/round.h"

#define SIZE_LIMIT (64u << 20) /* far above what the compiler makes */
#define ALIGNMENT 16           /* of the object behind an executable */

/* The seal is the last bytes of the file. Its numbers are little-endian. */
struct seal {
	char magic[8];
	uint8_t size[8]; /* of the object */
	uint8_t sum[4];  /* its CRC-32 */
};

static const char magic[8] = { 's', 'e', 'a', 'l', '\r', '\n', 0x1a, 0 };

static void store(uint8_t *to, uint64_t value, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		to[i] = (uint8_t)(value >> (8 * i));
}

static struct seal make_seal(const void *object, size_t size)
{
	struct seal seal;

	memcpy(seal.magic, magic, sizeof(magic));
	store(seal.size, size, sizeof(seal.size));
	store(seal.sum, crc32_z(0, object, size), sizeof(seal.sum));
	return seal;
}

static int read_at(int fd, void *to, size_t size, uint64_t at)
{
	for (size_t done = 0; done < size;) {
		ssize_t n = pread(fd, (char *)to + done, size - done, (off_t)(at + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -ENODATA;
		done += (size_t)n;
	}
	return 0;
}

/* Reads a part of the file into memory of its own, so that what has been checked does not change with the
 * file. Returns NULL when it can't, and errno says why. */
static void *read_part(int fd, uint64_t at, size_t size)
{
	void *bytes = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int err;

	if (bytes == MAP_FAILED)
		return NULL;
	err = read_at(fd, bytes, size, at);
	if (!err)
		return bytes;
	munmap(bytes, size);
	errno = -err;
	return NULL;
}

int image_seal(int fd)
{
	struct stat st;
	struct seal seal;
	void *object;

	if (fstat(fd, &st))
		return -errno;
	object = read_part(fd, 0, (size_t)st.st_size);
	if (!object)
		return -errno;
	seal = make_seal(object, (size_t)st.st_size);
	munmap(object, (size_t)st.st_size);
	return pwrite(fd, &seal, sizeof(seal), st.st_size) == (ssize_t)sizeof(seal) ? 0 : -EIO;
}

/* Linkers and strip(1) put the section headers last. */
uint64_t image_program_end(const Elf64_Ehdr *header)
{
	return header->e_shoff + (uint64_t)header->e_shnum * header->e_shentsize;
}

uint64_t image_behind(uint64_t program_end)
{
	return round_up(program_end, ALIGNMENT);
}

static int refuse_file(struct str *why, struct str text)
{
	*why = text;
	return -EINVAL;
}

static int check_seal(const char *bytes, size_t *size, struct str *why)
{
	struct seal found, wanted;

	if (*size <= sizeof(found))
		return refuse_file(why, STR("it is cut off"));
	*size -= sizeof(found);
	memcpy(&found, bytes + *size, sizeof(found));
	wanted = make_seal(bytes, *size);
	if (memcmp(found.magic, wanted.magic, sizeof(found.magic)) != 0)
		return refuse_file(why,
		    STR("it does not end as an image does: it is cut off or damaged, or another version's"));
	if (memcmp(found.size, wanted.size, sizeof(found.size)) != 0)
		return refuse_file(why, STR("it is not as long as it was made: it is damaged"));
	if (memcmp(found.sum, wanted.sum, sizeof(found.sum)) != 0)
		return refuse_file(why, STR("its checksum is not that of its content: it is damaged"));
	return 0;
}

/* Finds where the object begins: at the front, or behind an executable. */
static int find_begin(int fd, uint64_t size, uint64_t *begin, struct str *why)
{
	Elf64_Ehdr header;

	if (size > SIZE_LIMIT)
		return refuse_file(why, STR("it is too large for one"));
	if (size == 0)
		return refuse_file(why, STR("it is empty"));
	if (size < sizeof(header) || read_at(fd, &header, sizeof(header), 0) ||
	    memcmp(header.e_ident, ELFMAG, SELFMAG) != 0)
		return refuse_file(why, STR("it is no ELF object"));
	if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB)
		return refuse_file(why, STR("it is for machines of another word length or byte order"));
	*begin = header.e_machine == EM_BPF ? 0 : image_behind(image_program_end(&header));
	if (*begin && size == image_program_end(&header))
		return refuse_file(why, STR("it is a program with no image in it"));
	return *begin >= size ? refuse_file(why, STR("it is cut off")) : 0;
}

int image_load(int fd, void **object, size_t *size, size_t *room, struct str *why)
{
	struct stat st;
	uint64_t begin;
	int err;

	*object = NULL;
	*why = (struct str){ 0 };
	if (fstat(fd, &st))
		return -errno;
	err = find_begin(fd, (uint64_t)st.st_size, &begin, why);
	if (err)
		return err;
	*size = *room = (size_t)((uint64_t)st.st_size - begin);
	*object = read_part(fd, begin, *room);
	if (!*object)
		return refuse_file(why, STR("it cannot be read"));
	err = check_seal(*object, size, why);
	if (!err)
		return 0;
	munmap(*object, *room);
	*object = NULL;
	return err;
}
